/** What is wrong with a persistent volume. (pkg/apis/core/validation, ValidatePersistentVolumeSpec) Pure. */
import { dnsLabel, dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type {
  CSIPersistentVolumeSource,
  PersistentVolumeSource,
  PersistentVolumeSpec,
  SecretReference,
} from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import {
  checkFilled,
  checkFilledName,
  checkName,
  checkOptionalName,
  checkOptionalOneOf,
  when,
} from '../../meta/field-checks.ts';
import { namespaceName } from '../../meta/names.ts';
import { compareQuantities, wholeOf } from '../../meta/quantities.ts';
import { checkNodeSelector } from '../node-selector.ts';
import { checkInitiatorLength, checkIscsi } from './check-iscsi.ts';
import {
  checkAwsDisk,
  checkAzureDisk,
  checkAzureFile,
  checkCephfs,
  checkDriver,
  checkFibreChannel,
  checkFlexVolume,
  checkFlocker,
  checkGceDisk,
  checkGlusterfs,
  checkHostPath,
  checkNfs,
  checkPhoton,
  checkPortworx,
  checkQuobyte,
  checkRbd,
  checkReference,
  checkScaleIo,
  checkStorageOs,
  checkVsphere,
} from './check-sources.ts';
import { checkAccessModes, volumeModes } from './claim-spec.ts';
import { checkNoBacksteps, isRoot } from './paths.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];

export function checkVolumeSpec(
  spec: PersistentVolumeSpec,
  name: string,
  field: string,
): readonly FieldError[] {
  const modes = spec.accessModes ?? [];
  return [
    ...when(modes.length === 0, required(`${field}.accessModes`)),
    ...checkAccessModes(modes, `${field}.accessModes`),
    ...checkCapacity(spec.capacity ?? {}, `${field}.capacity`),
    ...(spec.persistentVolumeReclaimPolicy
      ? checkOptionalOneOf(
          spec.persistentVolumeReclaimPolicy,
          `${field}.persistentVolumeReclaimPolicy`,
          reclaimPolicies,
        )
      : []),
    ...checkAffinity(spec, `${field}.nodeAffinity`),
    ...checkSources(spec, name, field),
    ...checkOptionalName(dnsSubdomain, spec.storageClassName, `${field}.storageClassName`),
    ...checkOptionalOneOf(spec.volumeMode, `${field}.volumeMode`, volumeModes),
  ];
}

function checkCapacity(capacity: Readonly<Record<string, string>>, field: string): readonly FieldError[] {
  const names = Object.keys(capacity);
  return [
    ...when(names.length === 0, required(field)),
    ...when(
      !Object.hasOwn(capacity, 'storage') || names.length > 1,
      notSupported(field, capacity, ['storage']),
    ),
    ...Object.entries(capacity).flatMap(([name, quantity]) => {
      const amount = wholeOf(quantity);
      const at = `${field}[${name}]`;
      return [
        ...when(amount < 0n, invalidValue(at, amount, 'must be a valid resource quantity')),
        ...when(
          compareQuantities(quantity, '0') <= 0,
          invalidValue(at, quantity, 'must be greater than zero'),
        ),
      ];
    }),
  ];
}

function checkAffinity({ nodeAffinity }: PersistentVolumeSpec, field: string): readonly FieldError[] {
  if (nodeAffinity === undefined) return [];
  const { required: nodes } = nodeAffinity;
  if (nodes === undefined) return [required(`${field}.required`, 'must specify required node constraints')];
  return checkNodeSelector(nodes, `${field}.required`);
}

type Sources = { readonly [K in keyof Required<PersistentVolumeSource>]: Check<K> };
type Check<K extends keyof PersistentVolumeSource> = (
  source: NonNullable<PersistentVolumeSource[K]>,
  field: string,
) => readonly FieldError[];

/** In the order in which the real server looks at them: of two, the second is one too many. */
const checks: Sources = {
  hostPath: checkHostPath,
  gcePersistentDisk: checkGceDisk,
  awsElasticBlockStore: checkAwsDisk,
  glusterfs: (source, field) => [
    ...checkGlusterfs(source, field),
    ...checkEndpointsNamespace(source.endpointsNamespace, `${field}.endpointsNamespace`),
  ],
  flocker: checkFlocker,
  nfs: checkNfs,
  rbd: checkRbd,
  quobyte: checkQuobyte,
  cephfs: checkCephfs,
  iscsi: (source, field) => [
    ...checkIscsi(source, field, 'must be valid format'),
    ...when(source.secretRef !== undefined && !source.secretRef.name, required(`${field}.secretRef.name`)),
  ],
  cinder: (source, field) => [
    ...checkFilled(source.volumeID, `${field}.volumeID`),
    ...checkReference(source.secretRef, `${field}.secretRef`, true),
  ],
  fc: checkFibreChannel,
  flexVolume: checkFlexVolume,
  azureFile: checkAzureFile,
  vsphereVolume: checkVsphere,
  photonPersistentDisk: checkPhoton,
  portworxVolume: checkPortworx,
  azureDisk: checkAzureDisk,
  scaleIO: checkScaleIo,
  local: ({ path }, field) =>
    path === '' ? [required(`${field}.path`)] : checkNoBacksteps(path, `${field}.path`),
  storageos: (source, field) => [
    ...checkStorageOs(source, field),
    ...when(
      source.secretRef !== undefined && !source.secretRef.namespace,
      required(`${field}.secretRef.namespace`),
    ),
  ],
  csi: checkCsi,
};

export const persistentSources = Object.keys(checks) as readonly (keyof PersistentVolumeSource)[];

/** Of several sources, all but the first are too many. @param name of the volume; '': it has none */
export function checkSources(spec: PersistentVolumeSpec, name: string, field: string): readonly FieldError[] {
  const given = persistentSources.filter((source) => spec[source] !== undefined);
  const [first, ...others] = given;
  if (first === undefined) return [required(field, 'must specify a volume type')];
  const check = checks[first] as Check<keyof PersistentVolumeSource>;
  const needsNode = given.includes('local') && spec.nodeAffinity === undefined;
  const portal = spec.iscsi?.targetPortal ?? '';
  return [
    ...check(spec[first]!, `${field}.${fieldOf(first)}`),
    ...(first === 'iscsi' && spec.iscsi !== undefined
      ? checkInitiatorLength(spec.iscsi, name, `${field}.iscsi.targetportal`, portal)
      : []),
    ...others.map((other) =>
      forbiddenField(
        `${field}.${other === 'cephfs' ? 'cephFS' : other}`,
        'may not specify more than 1 volume type',
      ),
    ),
    ...when(needsNode, required(`${field}.nodeAffinity`, 'Local volume requires node affinity')),
    ...when(
      spec.persistentVolumeReclaimPolicy === 'Recycle' && isRoot(spec.hostPath?.path ?? ''),
      forbiddenField(
        `${field}.persistentVolumeReclaimPolicy`,
        "may not be 'recycle' for a hostPath mount of '/'",
      ),
    ),
  ];
}

/** The real server has another name for it here. */
function fieldOf(source: keyof PersistentVolumeSource): string {
  return source === 'gcePersistentDisk' ? 'persistentDisk' : source;
}

function checkEndpointsNamespace(namespace: string | undefined, field: string): readonly FieldError[] {
  if (namespace === undefined) return [];
  const why = 'if the endpointnamespace is set, it must be a valid namespace name';
  return namespace === '' ? [invalidValue(field, '', why)] : checkName(namespaceName, namespace, field);
}

function checkCsi(source: CSIPersistentVolumeSource, field: string): readonly FieldError[] {
  const secrets = [
    ...(['controllerPublishSecretRef', 'controllerExpandSecretRef'] as const),
    ...(['nodePublishSecretRef', 'nodeExpandSecretRef'] as const),
  ];
  return [
    ...checkDriver(source.driver, `${field}.driver`),
    ...checkFilled(source.volumeHandle, `${field}.volumeHandle`),
    ...secrets.flatMap((name) => checkSecret(source[name], `${field}.${name}`)),
  ];
}

function checkSecret(secret: SecretReference | undefined, field: string): readonly FieldError[] {
  if (secret === undefined) return [];
  return [
    ...checkFilledName(dnsSubdomain, secret.name, `${field}.name`),
    ...checkFilledName(dnsLabel, secret.namespace, `${field}.namespace`),
  ];
}
