/**
 * What a pod, a node and a volume get on their way in, and what a claim may not grow out of.
 * (plugin/pkg/admission/defaulttolerationseconds, nodetaint, storage/storageobjectinuseprotection, storage/persistentvolume/resize)
 */
import { nanosOf } from '../../resources/meta/quantities.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { booleanAt, stringsAt } from '../objects/read-path.ts';
import type { Node, PersistentVolumeClaim, Pod, Toleration } from '../schemas/generated/types/api-core-v1.ts';
import { isOf, objectOf, oldOf, type Plugin, refuse, withSpec } from './plugin.ts';
import type { Reads } from './reads.ts';

const unwell = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];
const patienceSeconds = 300;

/** A pod stays a while on a node that cannot be reached. */
export const defaultTolerationSeconds: Plugin = {
  mutate: async (asked) => {
    const { object, operation } = asked;
    const writes = operation === 'CREATE' || operation === 'UPDATE';
    if (object === null || !writes || !isOf(asked, 'pods')) return object;
    const there = objectOf<Pod>(asked).spec?.tolerations ?? [];
    const added = unwell.filter((key) => !there.some((toleration) => tolerates(toleration, key)));
    if (added.length === 0) return object;
    const made = added.map((key) => ({
      ...{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: patienceSeconds },
    }));
    return withSpec(object, { tolerations: [...there, ...made] });
  },
};

function tolerates({ key = '', effect = '' }: Toleration, wanted: string): boolean {
  return (key === '' || key === wanted) && (effect === '' || effect === 'NoExecute');
}

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** Nothing is placed on a new node before it says that it is ready. */
export const taintNewNodes: Plugin = {
  mutate: async (asked) => {
    const { object, operation } = asked;
    if (object === null || operation !== 'CREATE' || !isOf(asked, 'nodes')) return object;
    const taints = objectOf<Node>(asked).spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect)) return object;
    return withSpec(object, { taints: [...taints, notReady] });
  },
};

/** What is in use is not deleted under its user. */
export const protectVolumes: Plugin = {
  mutate: async (asked) => {
    const { object, operation } = asked;
    if (object === null || operation !== 'CREATE') return object;
    if (isOf(asked, 'persistentvolumes')) return withFinalizer(object, 'kubernetes.io/pv-protection');
    if (isOf(asked, 'persistentvolumeclaims')) return withFinalizer(object, 'kubernetes.io/pvc-protection');
    return object;
  },
};

function withFinalizer(object: ApiObject, name: string): ApiObject {
  const finalizers = stringsAt(object, 'metadata', 'finalizers');
  if (finalizers.includes(name)) return object;
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, name] } };
}

/** A claim grows only where its class says that it may. */
export function refuseClaimResize(reads: Reads): Plugin {
  return {
    validate: async (asked) => {
      if (asked.operation !== 'UPDATE' || !isOf(asked, 'persistentvolumeclaims')) return;
      const [next, old] = [objectOf<PersistentVolumeClaim>(asked), oldOf<PersistentVolumeClaim>(asked)];
      if (sizeOf(next) <= sizeOf(old)) return;
      if (old.status?.phase !== 'Bound')
        throw refuse(asked, 'Only bound persistent volume claims can be expanded');
      const beta = old.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'];
      const found = await reads.get('storageClasses', '', beta ?? (old.spec?.storageClassName || ''));
      if (found !== null && booleanAt(found, 'allowVolumeExpansion') === true) return;
      const why =
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw refuse(asked, why);
    },
  };
}

function sizeOf({ spec }: PersistentVolumeClaim): bigint {
  return nanosOf(spec?.resources?.requests?.storage);
}
