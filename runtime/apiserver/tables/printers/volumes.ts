/** Volumes, claims, classes, drivers. Pure. */
import { booleanAt, isSet, listAt, objectAt, stringAt, stringsAt } from '../../objects/read-path.ts';
import { isDeleted } from '../format.ts';
import { age, type Column, column, name, nameOf, printer, text, wide } from '../printer.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';
const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

/** In the order in which they are printed. */
const accessModes = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const;

const volumeMode = wide('VolumeMode', (object) => stringAt(object, 'spec', 'volumeMode') || '<unset>');
const storageClass = column('StorageClass', (object) => {
  const annotations = objectAt(object, 'metadata', 'annotations');
  const isAnnotated = isSet(annotations, classAnnotation);
  return isAnnotated ? stringAt(annotations, classAnnotation) : stringAt(object, 'spec', 'storageClassName');
});
const attributesClass = column(
  'VolumeAttributesClass',
  (object) => stringAt(object, 'spec', 'volumeAttributesClassName') || '<unset>',
);
const phase = column('Status', (object) =>
  isDeleted(object) ? 'Terminating' : stringAt(object, 'status', 'phase'),
);

export const persistentVolumes = printer([
  name,
  column('Capacity', (volume) => stringAt(volume, 'spec', 'capacity', 'storage') || '0'),
  column('Access Modes', (volume) => formatModes(listAt(volume, 'spec', 'accessModes'))),
  text('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
  phase,
  column('Claim', (volume) => {
    const claim = objectAt(volume, 'spec', 'claimRef');
    const isClaimed = isSet(volume, 'spec', 'claimRef');
    return isClaimed ? `${stringAt(claim, 'namespace')}/${stringAt(claim, 'name')}` : '';
  }),
  storageClass,
  attributesClass,
  text('Reason', 'status.reason'),
  age,
  volumeMode,
]);

export const persistentVolumeClaims = printer([
  name,
  phase,
  text('Volume', 'spec.volumeName'),
  column('Capacity', (claim) =>
    isBound(claim) ? stringAt(claim, 'status', 'capacity', 'storage') || '0' : '',
  ),
  column('Access Modes', (claim) =>
    isBound(claim) ? formatModes(listAt(claim, 'status', 'accessModes')) : '',
  ),
  storageClass,
  attributesClass,
  age,
  volumeMode,
]);

export const storageClasses = printer([
  column(
    'Name',
    (object) => {
      const annotations = objectAt(object, 'metadata', 'annotations');
      const isDefault = defaultAnnotations.some((key) => annotations[key] === 'true');
      return `${nameOf(object)}${isDefault ? ' (default)' : ''}`;
    },
    name.definition,
  ),
  text('Provisioner', 'provisioner'),
  column('ReclaimPolicy', (object) => stringAt(object, 'reclaimPolicy') || 'Delete'),
  column('VolumeBindingMode', (object) => stringAt(object, 'volumeBindingMode') || 'Immediate'),
  column('AllowVolumeExpansion', (object) => booleanAt(object, 'allowVolumeExpansion') ?? false),
  age,
]);

export const volumeAttachments = printer([
  name,
  column('Attacher', (object) => stringAt(object, 'spec', 'attacher'), { format: 'name' }),
  text('PV', 'spec.source.persistentVolumeName'),
  text('Node', 'spec.nodeName'),
  flag('Attached', false, 'status', 'attached'),
  age,
]);

export const csiDrivers = printer([
  name,
  flag('AttachRequired', true, 'spec', 'attachRequired'),
  flag('PodInfoOnMount', false, 'spec', 'podInfoOnMount'),
  flag('StorageCapacity', false, 'spec', 'storageCapacity'),
  column('TokenRequests', (driver) =>
    isSet(driver, 'spec', 'tokenRequests')
      ? listAt(driver, 'spec', 'tokenRequests')
          .map((request) => stringAt(request, 'audience'))
          .join(',')
      : '<unset>',
  ),
  flag('RequiresRepublish', false, 'spec', 'requiresRepublish'),
  column('Modes', (driver) => stringsAt(driver, 'spec', 'volumeLifecycleModes').join(',') || '<none>'),
  age,
]);

export const csiNodes = printer([
  name,
  column('Drivers', (node) => listAt(node, 'spec', 'drivers').length, { type: 'integer' }),
  age,
]);

function flag(title: string, otherwise: boolean, ...path: readonly string[]): Column {
  return column(title, (object) => booleanAt(object, ...path) ?? otherwise, { type: 'boolean' });
}

function isBound(claim: unknown): boolean {
  return stringAt(claim, 'spec', 'volumeName') !== '';
}

function formatModes(modes: readonly unknown[]): string {
  return accessModes
    .filter(([mode]) => modes.includes(mode))
    .map(([, short]) => short)
    .join(',');
}
