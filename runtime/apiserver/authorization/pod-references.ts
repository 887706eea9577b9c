/**
 * Which objects a pod, or a volume, cannot do without, so that the node it is on has to read them.
 * (pkg/api/v1/pod/util.go, pkg/api/v1/persistentvolume/util.go) Pure.
 */
import type { ApiObject } from '../objects/object-bytes.ts';
import { isSet, listAt, objectAt, stringAt } from '../objects/read-path.ts';

export interface PodReferences {
  readonly secrets: readonly string[];
  readonly configMaps: readonly string[];
  readonly claims: readonly string[];
  /** '' for none. */
  readonly serviceAccount: string;
}

/** Where a volume names a Secret. */
const volumeSecrets: readonly (readonly string[])[] = [
  ['azureFile', 'secretName'],
  ['cephfs', 'secretRef', 'name'],
  ['cinder', 'secretRef', 'name'],
  ['flexVolume', 'secretRef', 'name'],
  ['rbd', 'secretRef', 'name'],
  ['secret', 'secretName'],
  ['scaleIO', 'secretRef', 'name'],
  ['iscsi', 'secretRef', 'name'],
  ['storageos', 'secretRef', 'name'],
  ['csi', 'nodePublishSecretRef', 'name'],
];

export function podReferences(pod: ApiObject): PodReferences {
  const podName = pod.metadata.name ?? '';
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    listAt(pod, 'spec', list),
  );
  const environment = containers.flatMap((container) => listAt(container, 'env'));
  const wholeEnvironment = containers.flatMap((container) => listAt(container, 'envFrom'));
  const volumes = listAt(pod, 'spec', 'volumes');
  const projected = volumes.flatMap((volume) => listAt(volume, 'projected', 'sources'));
  return {
    secrets: named([
      ...listAt(pod, 'spec', 'imagePullSecrets').map((one) => stringAt(one, 'name')),
      ...wholeEnvironment.map((one) => stringAt(one, 'secretRef', 'name')),
      ...environment.map((one) => stringAt(one, 'valueFrom', 'secretKeyRef', 'name')),
      ...projected.map((one) => stringAt(one, 'secret', 'name')),
      ...volumes.flatMap((volume) => volumeSecrets.map((path) => stringAt(volume, ...path))),
    ]),
    configMaps: named([
      ...wholeEnvironment.map((one) => stringAt(one, 'configMapRef', 'name')),
      ...environment.map((one) => stringAt(one, 'valueFrom', 'configMapKeyRef', 'name')),
      ...projected.map((one) => stringAt(one, 'configMap', 'name')),
      ...volumes.map((volume) => stringAt(volume, 'configMap', 'name')),
    ]),
    claims: named(
      volumes.map((volume) =>
        isSet(volume, 'ephemeral')
          ? `${podName}-${stringAt(volume, 'name')}`
          : stringAt(volume, 'persistentVolumeClaim', 'claimName'),
      ),
    ),
    serviceAccount: stringAt(pod, 'spec', 'serviceAccountName'),
  };
}

export interface SecretPlace {
  readonly namespace: string;
  readonly name: string;
}

/** Where a persistent volume names a Secret that a node reads. */
const persistentSecrets: readonly (readonly string[])[] = [
  ...['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'].map((kind) => [
    kind,
    'secretRef',
  ]),
  ...['nodePublishSecretRef', 'nodeStageSecretRef', 'nodeExpandSecretRef'].map((field) => ['csi', field]),
];

/** The Secrets of a persistent volume that a node reads; in the claim's namespace where it names none. */
export function volumeSecretPlaces(volume: ApiObject): readonly SecretPlace[] {
  const spec = objectAt(volume, 'spec');
  const own = stringAt(spec, 'claimRef', 'namespace');
  const azure = {
    name: stringAt(spec, 'azureFile', 'secretName'),
    namespace: stringAt(spec, 'azureFile', 'secretNamespace') || own,
  };
  const others = persistentSecrets.map((path) => ({
    name: stringAt(spec, ...path, 'name'),
    namespace: stringAt(spec, ...path, 'namespace') || own,
  }));
  return [azure, ...others].filter(({ name }) => name !== '');
}

function named(names: readonly string[]): readonly string[] {
  return [...new Set(names)].filter((name) => name !== '');
}
