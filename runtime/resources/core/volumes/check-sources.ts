/**
 * Sources of volumes that pods and persistent volumes have in common; where theirs differ it is in where a secret lies.
 * (pkg/apis/core/validation) Pure.
 */
import { dnsLabel } from '../../../apiserver/objects/name-rules.ts';
import type {
  PersistentVolumeSource,
  VolumeSource,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { invalidShown, invalidValue, notSupported, required, tooLong } from '../../field-errors.ts';
import {
  checkFilled,
  checkFilledName,
  checkName,
  checkOneOf,
  checkOptionalName,
  checkOptionalOneOf,
  checkRange,
  when,
} from '../../meta/field-checks.ts';
import { showStrings } from '../../meta/go-syntax.ts';
import { driverName } from '../../meta/names.ts';
import { checkNoBacksteps } from './paths.ts';

type Either<K extends keyof VolumeSource & keyof PersistentVolumeSource> = NonNullable<
  VolumeSource[K] | PersistentVolumeSource[K]
>;
type Check<K extends keyof VolumeSource & keyof PersistentVolumeSource> = (
  source: Either<K>,
  field: string,
) => readonly FieldError[];

const hostPathTypes = [
  ...['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'],
];

export const checkHostPath: Check<'hostPath'> = ({ path, type }, field) =>
  path === ''
    ? [required(`${field}.path`)]
    : [
        ...checkNoBacksteps(path, `${field}.path`),
        ...checkOptionalOneOf(type, `${field}.type`, hostPathTypes),
      ];

export const checkGceDisk: Check<'gcePersistentDisk'> = ({ pdName, partition }, field) => [
  ...checkFilled(pdName, `${field}.pdName`),
  ...checkPartition(partition, field),
];

export const checkAwsDisk: Check<'awsElasticBlockStore'> = ({ volumeID, partition }, field) => [
  ...checkFilled(volumeID, `${field}.volumeID`),
  ...checkPartition(partition, field),
];

export const checkNfs: Check<'nfs'> = ({ server, path }, field) => [
  ...checkFilled(server, `${field}.server`),
  ...checkFilled(path, `${field}.path`),
  ...when(!path.startsWith('/'), invalidValue(`${field}.path`, path, 'must be an absolute path')),
];

export const checkGlusterfs: Check<'glusterfs'> = ({ endpoints, path }, field) => [
  ...checkFilled(endpoints, `${field}.endpoints`),
  ...checkFilled(path, `${field}.path`),
];

export const checkFlocker: Check<'flocker'> = ({ datasetName = '', datasetUUID = '' }, field) => [
  ...when(
    datasetName === '' && datasetUUID === '',
    required(field, 'one of datasetName and datasetUUID is required'),
  ),
  ...when(
    datasetName !== '' && datasetUUID !== '',
    invalidValue(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'),
  ),
  ...when(
    datasetName.includes('/'),
    invalidValue(`${field}.datasetName`, datasetName, "must not contain '/'"),
  ),
];

export const checkRbd: Check<'rbd'> = ({ monitors, image }, field) => [
  ...when((monitors ?? []).length === 0, required(`${field}.monitors`)),
  ...checkFilled(image, `${field}.image`),
];

export const checkCephfs: Check<'cephfs'> = ({ monitors }, field) =>
  when((monitors ?? []).length === 0, required(`${field}.monitors`));

export const checkCinder: Check<'cinder'> = ({ volumeID, secretRef }, field) => [
  ...checkFilled(volumeID, `${field}.volumeID`),
  ...checkReference(secretRef, `${field}.secretRef`),
];

export const checkQuobyte: Check<'quobyte'> = ({ registry, tenant = '', volume }, field) => {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const isPair = (pair: string): boolean => /^(\[[^\][]*\]|[^:\][]*):[^:\][]*$/.test(pair);
  const wrong = registry
    .split(',')
    .filter((pair) => !isPair(pair))
    .map(() => invalidValue(`${field}.registry`, registry, pairs));
  const ofTenant = 'must be a UUID and may not exceed a length of 64 characters';
  const ofPlace =
    registry === ''
      ? [required(`${field}.registry`, pairs)]
      : tenant.length > 64
        ? [required(`${field}.tenant`, ofTenant)]
        : wrong;
  return [...ofPlace, ...checkFilled(volume, `${field}.volume`)];
};

export const checkFibreChannel: Check<'fc'> = ({ targetWWNs = [], wwids = [], lun }, field) => {
  const isNamed = targetWWNs.length > 0;
  const at = `${field}.targetWWNs`;
  return [
    ...when(
      !isNamed && wwids.length === 0,
      required(at, 'must specify either targetWWNs or wwids, but not both'),
    ),
    ...when(
      isNamed && wwids.length > 0,
      invalidShown(at, showStrings(targetWWNs), 'targetWWNs and wwids can not be specified simultaneously'),
    ),
    ...when(
      isNamed && lun === undefined,
      required(`${field}.lun`, 'lun is required if targetWWNs is specified'),
    ),
    ...(isNamed ? checkRange(lun, `${field}.lun`, 0, 255) : []),
  ];
};

export const checkFlexVolume: Check<'flexVolume'> = ({ driver, options = {} }, field) => [
  ...checkFilled(driver, `${field}.driver`),
  ...Object.keys(options)
    .filter((key) => /\.(kubernetes|k8s)\.io$/.test(`.${key.toLowerCase().split('/', 2)[0]}`))
    .map((key) =>
      invalidValue(`${field}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'),
    ),
];

export const checkAzureFile: Check<'azureFile'> = (source, field) => [
  ...checkFilled(source.secretName, `${field}.secretName`),
  ...checkFilled(source.shareName, `${field}.shareName`),
  ...('secretNamespace' in source && typeof source.secretNamespace === 'string'
    ? checkFilled(source.secretNamespace, `${field}.secretNamespace`)
    : []),
];

const managedDisk =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export const checkAzureDisk: Check<'azureDisk'> = ({ diskName, diskURI, cachingMode, kind }, field) => {
  const [start, shape] = kind === 'Managed' ? ['/subscriptions/', managedDisk] : ['https://', blobDisk];
  const isWrong = kind !== undefined && !diskURI.startsWith(start);
  return [
    ...checkFilled(diskName, `${field}.diskName`),
    ...checkFilled(diskURI, `${field}.diskURI`),
    ...checkOptionalOneOf(cachingMode, `${field}.cachingMode`, ['None', 'ReadOnly', 'ReadWrite']),
    ...(kind === undefined ? [] : checkOneOf(kind, `${field}.kind`, ['Dedicated', 'Managed', 'Shared'])),
    ...when(isWrong, notSupported(`${field}.diskURI`, diskURI, [shape])),
  ];
};

export const checkVsphere: Check<'vsphereVolume'> = ({ volumePath }, field) =>
  checkFilled(volumePath, `${field}.volumePath`);

export const checkPhoton: Check<'photonPersistentDisk'> = ({ pdID }, field) =>
  checkFilled(pdID, `${field}.pdID`);

export const checkPortworx: Check<'portworxVolume'> = ({ volumeID }, field) =>
  checkFilled(volumeID, `${field}.volumeID`);

export const checkScaleIo: Check<'scaleIO'> = ({ gateway, system, volumeName }, field) => [
  ...checkFilled(gateway, `${field}.gateway`),
  ...checkFilled(system, `${field}.system`),
  ...checkFilled(volumeName, `${field}.volumeName`),
];

export const checkStorageOs: Check<'storageos'> = ({ volumeName, volumeNamespace, secretRef }, field) => [
  ...checkFilledName(dnsLabel, volumeName, `${field}.volumeName`),
  ...checkOptionalName(dnsLabel, volumeNamespace, `${field}.volumeNamespace`),
  ...checkReference(secretRef, `${field}.secretRef`),
];

/** @param field the driver's own */
export function checkDriver(driver: string, field: string): readonly FieldError[] {
  return [
    ...checkFilled(driver, field),
    ...when(driver.length > 63, tooLong(field, 63)),
    ...checkName(driverName, driver, field),
  ];
}

/**
 * A secret, if there is one. A persistent volume is of no namespace, and has to say where its secrets are.
 * What is of a pod has no field for it.
 */
export function checkReference(
  reference: { readonly name?: string | undefined; readonly namespace?: string | undefined } | undefined,
  field: string,
  isOfCluster = false,
): readonly FieldError[] {
  if (reference === undefined) return [];
  const namespace = isOfCluster ? checkFilled(reference.namespace, `${field}.namespace`) : [];
  return [...checkFilled(reference.name, `${field}.name`), ...namespace];
}

function checkPartition(partition: number | undefined, field: string): readonly FieldError[] {
  const why = 'must be between 1 and 255, inclusive';
  const isWrong = partition !== undefined && (partition < 0 || partition > 255);
  return when(isWrong, invalidValue(`${field}.partition`, partition, why));
}
