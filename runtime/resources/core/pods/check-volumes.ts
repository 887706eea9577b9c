/** Volumes of a pod. (pkg/apis/core/validation, ValidateVolumes) Pure. */
import { dnsLabel, dnsSubdomain } from '../../../apiserver/objects/name-rules.ts';
import type { Volume, VolumeSource } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { FieldError } from '../../../apiserver/status.ts';
import { duplicate, forbiddenField, invalidValue, required } from '../../field-errors.ts';
import { checkFilled, checkFilledName, checkOptionalName, inList, when } from '../../meta/field-checks.ts';
import { compareQuantities } from '../../meta/quantities.ts';
import { checkInitiatorLength, checkIscsi } from '../volumes/check-iscsi.ts';
import {
  checkAwsDisk,
  checkAzureDisk,
  checkAzureFile,
  checkCephfs,
  checkCinder,
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
  checkScaleIo,
  checkStorageOs,
  checkVsphere,
} from '../volumes/check-sources.ts';
import { checkClaimTemplate } from '../volumes/claim-spec.ts';
import { checkDescendingPath } from '../volumes/paths.ts';
import { checkConfigMap, checkDownwardApi, checkProjected, checkSecret } from './check-file-volumes.ts';
import type { Volumes } from './check-mounts.ts';

/** @param podName null: the pod will have a name of its own */
export function checkVolumes(
  volumes: readonly Volume[] | undefined,
  podName: string | null,
  field: string,
): { readonly errors: readonly FieldError[]; readonly valid: Volumes } {
  const valid = new Map<string, VolumeSource>();
  const made = new Set(
    (volumes ?? []).filter(({ ephemeral }) => ephemeral !== undefined).map(({ name }) => name),
  );
  const errors = inList(volumes, field, (volume, at) => {
    const own = [
      ...checkSource(volume, podName, at),
      ...checkFilledName(dnsLabel, volume.name, `${at}.name`),
      ...when(valid.has(volume.name), duplicate(`${at}.name`, volume.name)),
    ];
    if (own.length === 0) valid.set(volume.name, volume);
    return [...own, ...checkClaimNotMade(volume, podName, made, at)];
  });
  return { errors, valid };
}

type Sources = Required<Omit<VolumeSource, 'image'>>;
type Check<K extends keyof Sources> = (
  source: NonNullable<Sources[K]>,
  field: string,
) => readonly FieldError[];

/** In the order in which the real server looks at them: of two, the second is one too many. */
const checks: { readonly [K in keyof Sources]: Check<K> } = {
  emptyDir: ({ sizeLimit }, field) =>
    when(
      sizeLimit !== undefined && compareQuantities(sizeLimit, '0') < 0,
      forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'),
    ),
  hostPath: checkHostPath,
  gitRepo: ({ repository, directory }, field) => [
    ...checkFilled(repository, `${field}.repository`),
    ...checkDescendingPath(directory, `${field}.directory`),
  ],
  gcePersistentDisk: checkGceDisk,
  awsElasticBlockStore: checkAwsDisk,
  secret: checkSecret,
  nfs: checkNfs,
  iscsi: checkIscsi,
  glusterfs: checkGlusterfs,
  flocker: checkFlocker,
  persistentVolumeClaim: ({ claimName }, field) => checkFilled(claimName, `${field}.claimName`),
  rbd: checkRbd,
  cinder: checkCinder,
  cephfs: checkCephfs,
  quobyte: checkQuobyte,
  downwardAPI: checkDownwardApi,
  fc: checkFibreChannel,
  flexVolume: checkFlexVolume,
  configMap: checkConfigMap,
  azureFile: checkAzureFile,
  vsphereVolume: checkVsphere,
  photonPersistentDisk: checkPhoton,
  portworxVolume: checkPortworx,
  azureDisk: checkAzureDisk,
  storageos: checkStorageOs,
  projected: checkProjected,
  scaleIO: checkScaleIo,
  csi: ({ driver, nodePublishSecretRef }, field) => {
    const name = nodePublishSecretRef?.name ?? '';
    const isMissing = nodePublishSecretRef !== undefined && name === '';
    return [
      ...checkDriver(driver, `${field}.driver`),
      ...when(isMissing, required(`${field}.nodePublishSecretRef.name`)),
      ...checkOptionalName(dnsSubdomain, name, `${field}.name`),
    ];
  },
  ephemeral: ({ volumeClaimTemplate }, field) =>
    volumeClaimTemplate === undefined
      ? [required(`${field}.volumeClaimTemplate`)]
      : checkClaimTemplate(volumeClaimTemplate, `${field}.volumeClaimTemplate`),
};

/** Volumes of images are a feature that is off by default: they are as good as none. */
const kinds = Object.keys(checks) as readonly (keyof Sources)[];

/** As the real server has them where a volume is one too many. */
const oddNames: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function checkSource(volume: Volume, podName: string | null, field: string): readonly FieldError[] {
  const [first, ...others] = kinds.filter((kind) => volume[kind] !== undefined);
  if (first === undefined) return [required(field, 'must specify a volume type')];
  const check = checks[first] as Check<keyof Sources>;
  const claim = `${podName}-${volume.name}`;
  return [
    // The real server has another name for it here.
    ...check(volume[first]!, `${field}.${first === 'gcePersistentDisk' ? 'persistentDisk' : first}`),
    ...(volume.iscsi === undefined
      ? []
      : checkInitiatorLength(volume.iscsi, volume.name, `${field}.name`, volume.name)),
    ...others.map((kind) =>
      forbiddenField(`${field}.${oddNames[kind] ?? kind}`, 'may not specify more than 1 volume type'),
    ),
    ...(first === 'ephemeral' && podName && volume.name !== ''
      ? dnsSubdomain(claim).map((why) =>
          invalidValue(`${field}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${why}`),
        )
      : []),
  ];
}

/** What is made for the pod is had through the volume that makes it. */
function checkClaimNotMade(
  { persistentVolumeClaim }: Volume,
  podName: string | null,
  made: ReadonlySet<string>,
  field: string,
): readonly FieldError[] {
  const name = persistentVolumeClaim?.claimName;
  if (!podName || name === undefined || !name.startsWith(`${podName}-`)) return [];
  const why = 'must not reference a PVC that gets created for an ephemeral volume';
  const isMade = made.has(name.slice(podName.length + 1));
  return when(isMade, invalidValue(`${field}.persistentVolumeClaim.claimName`, name, why));
}
