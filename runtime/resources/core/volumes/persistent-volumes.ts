/** Storage of the cluster. (pkg/registry/core/persistentvolume, pkg/api/persistentvolume, pkg/apis/core/validation) Pure. */
import type { Strategy, Writer } from '../../../apiserver/handlers/served-kind.ts';
import { dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type { ApiObject } from '../../../apiserver/objects/object-bytes.ts';
import type {
  PersistentVolume,
  PersistentVolumeSource,
  PersistentVolumeSpec,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import {
  isSameJson,
  type JsonObject,
  type JsonValue,
} from '../../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue } from '../../field-errors.ts';
import { describeChanges } from '../../meta/changes.ts';
import { when } from '../../meta/field-checks.ts';
import { withChanged, withDefaults } from '../../meta/fill-in.ts';
import { roundUpToMilli } from '../../meta/quantities.ts';
import { checkVolumeSpec, persistentSources } from './check-persistent-volume.ts';
import { type Annotations, mountAnnotation, warnOfVolume } from './persistent-volume-warnings.ts';
import {
  azureDiskDefaults,
  hostPathDefaults,
  iscsiDefaults,
  rbdDefaults,
  scaleIoDefaults,
} from './volume-defaults.ts';

export const persistentVolumes: Strategy = {
  name: dnsSubdomain,
  countsGenerations: false,
  hasStatus: true,
  fillIn,
  prepareCreate: (object) => ({
    ...object,
    spec: withoutAttributes(specOf(object), {}),
    status: { phase: 'Pending' },
  }),
  prepareUpdate: (next, old) => ({ ...next, spec: withoutAttributes(specOf(next), specOf(old)) }),
  stamp,
  check: (object) => [
    ...checkVolumeSpec(specOf(object), object.metadata.name ?? '', 'spec'),
    ...checkMountAnnotation(object),
  ],
  checkUpdate,
  warn: (object) => warnOfVolume(specOf(object), object.metadata.annotations as Annotations),
};

function specOf(object: ApiObject): PersistentVolumeSpec {
  return (object as unknown as PersistentVolume).spec ?? {};
}

function fillIn(object: ApiObject): ApiObject {
  const { status } = object as unknown as PersistentVolume;
  const spec = withDefaults(specOf(object), {
    persistentVolumeReclaimPolicy: 'Retain',
    volumeMode: 'Filesystem',
  });
  return {
    ...object,
    spec: withChanged<PersistentVolumeSpec>(spec, {
      capacity: roundUpToMilli,
      hostPath: (source) => withDefaults(source, hostPathDefaults),
      iscsi: (source) => withDefaults(source, iscsiDefaults),
      rbd: (source) => withDefaults(source, rbdDefaults),
      azureDisk: (source) => withDefaults(source, azureDiskDefaults),
      scaleIO: (source) => withDefaults(source, scaleIoDefaults),
    }),
    status: { ...status, phase: status?.phase || 'Pending' },
  };
}

/** Attributes of volumes are a feature that is off by default. */
function withoutAttributes(spec: PersistentVolumeSpec, before: PersistentVolumeSpec): PersistentVolumeSpec {
  if (before.volumeAttributesClassName !== undefined) return spec;
  const { volumeAttributesClassName: _, ...others } = spec;
  return others;
}

/** Kinds of volumes that are mounted by the node's own means. */
const mountable = [
  ...(['gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'nfs', 'rbd', 'quobyte', 'iscsi'] as const),
  ...(['cinder', 'cephfs', 'azureFile', 'vsphereVolume', 'azureDisk', 'photonPersistentDisk'] as const),
];

function checkMountAnnotation(object: ApiObject): readonly FieldError[] {
  const spec = specOf(object);
  const isGiven = Object.hasOwn((object.metadata.annotations ?? {}) as object, mountAnnotation);
  const takesOptions = mountable.some((name) => spec[name] !== undefined);
  const why = 'may not specify mount options for this volume type';
  return when(isGiven && !takesOptions, forbiddenField(`metadata.annotations.${mountAnnotation}`, why));
}

/** Since when it is in its phase. */
function stamp(next: ApiObject, old: ApiObject | null, { now }: Writer): ApiObject {
  const after = (next as unknown as PersistentVolume).status;
  const before = (old as unknown as PersistentVolume | null)?.status;
  const given = after?.lastPhaseTransitionTime;
  const kept = before?.lastPhaseTransitionTime;
  const isSame = old !== null && after?.phase === before?.phase;
  const time = isSame ? (given ?? kept) : given === undefined || given === kept ? now : given;
  return time === undefined ? next : { ...next, status: { ...after, lastPhaseTransitionTime: time } };
}

function checkUpdate(next: ApiObject, old: ApiObject): readonly FieldError[] {
  const [after, before] = [specOf(next), specOf(old)];
  const [source, oldSource] = [withAddedSecret(sourceOf(after), sourceOf(before)), sourceOf(before)];
  const isMoved =
    before.nodeAffinity !== undefined &&
    !isSameJson(
      withStableLabels(before.nodeAffinity, after.nodeAffinity),
      (after.nodeAffinity ?? null) as JsonValue,
    );
  return [
    ...when(
      !isSameJson(source as JsonObject, oldSource as JsonObject),
      forbiddenField(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${describeChanges(oldSource, source)}`,
      ),
    ),
    ...when(
      after.volumeMode !== before.volumeMode,
      invalidValue('volumeMode', after.volumeMode ?? null, 'field is immutable'),
    ),
    ...when(
      isMoved,
      invalidValue(
        'nodeAffinity',
        after.nodeAffinity ?? null,
        'field is immutable, except for updating from beta label to GA',
      ),
    ),
    ...when(
      after.volumeAttributesClassName !== before.volumeAttributesClassName,
      forbiddenField(
        'spec.volumeAttributesClassName',
        'update is forbidden when the VolumeAttributesClass feature gate is disabled',
      ),
    ),
  ];
}

function sourceOf(spec: PersistentVolumeSpec): PersistentVolumeSource {
  const entries = persistentSources
    .map((name) => [name, spec[name]] as const)
    .filter(([, source]) => source !== undefined);
  return Object.fromEntries(entries);
}

/** The secret that growing needs came later than the volumes: it can be added. */
function withAddedSecret(
  source: PersistentVolumeSource,
  old: PersistentVolumeSource,
): PersistentVolumeSource {
  if (source.csi === undefined || old.csi === undefined) return source;
  if (old.csi.controllerExpandSecretRef !== undefined) return source;
  const { controllerExpandSecretRef: _, ...csi } = source.csi;
  return { ...source, csi };
}

const stableLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The old affinity, with the new name of a label wherever the new affinity has it. */
function withStableLabels(
  old: NonNullable<PersistentVolumeSpec['nodeAffinity']>,
  next: PersistentVolumeSpec['nodeAffinity'],
): JsonValue {
  const terms = old.required?.nodeSelectorTerms?.map((term, index) => {
    const written = next?.required?.nodeSelectorTerms?.[index]?.matchExpressions ?? [];
    const matchExpressions = term.matchExpressions?.map((requirement, place) => {
      const key = written[place]?.key;
      return key !== undefined && stableLabels[requirement.key] === key
        ? { ...requirement, key }
        : requirement;
    });
    return matchExpressions === undefined ? term : { ...term, matchExpressions };
  });
  const affinity =
    terms === undefined ? old : { ...old, required: { ...old.required, nodeSelectorTerms: terms } };
  return affinity as JsonValue;
}
