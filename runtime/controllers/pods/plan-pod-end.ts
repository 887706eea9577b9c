/**
 * Pods whose end nobody else sees to: those of nodes that are gone, those that were deleted before they had a node, and of those that
 * have ended the oldest, where there are too many. (pkg/controller/podgc) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { isSet, listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { PodCondition, Taint } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { placeIn, resources } from '../client/places.ts';
import type { Write } from '../client/writes.ts';

export interface ObservedPods {
  readonly pods: readonly ApiObject[];
  readonly nodes: readonly ApiObject[];
  /** Names of nodes that have been gone for a while: one that is only late comes in time. */
  readonly gone: ReadonlySet<string>;
  /** As `metav1.Time`. */
  readonly now: string;
}

const mostEnded = 12_500;
const outOfService = 'node.kubernetes.io/out-of-service';

export function planPodEnd({ pods, nodes, gone, now }: ObservedPods): readonly Write[] {
  const unserved = new Set(nodes.filter(isOutOfService).map(({ metadata }) => metadata.name));
  const ended = pods.filter(hasEnded).sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1));
  const tooMany = new Set(ended.slice(0, Math.max(0, ended.length - mostEnded)));
  return pods.flatMap((pod) => {
    const node = stringAt(pod, 'spec', 'nodeName');
    const isDeleted = isSet(pod.metadata, 'deletionTimestamp');
    if (gone.has(node)) return removal(pod, orphaned(pod, now));
    if (isDeleted && (node === '' || unserved.has(node)))
      return removal(pod, hasEnded(pod) ? null : { phase: 'Failed' });
    return tooMany.has(pod) ? removal(pod, null) : [];
  });
}

/** @param status what is to be said of it before it goes; null for nothing */
function removal(pod: ApiObject, status: object | null): readonly Write[] {
  const place = placeIn(resources.pods, pod.metadata);
  const { uid = '' } = pod.metadata;
  const body = { metadata: { uid }, status };
  const told: readonly Write[] =
    status === null
      ? []
      : [{ kind: 'patch', place: { ...place, subresource: 'status' }, patch: { kind: 'strategic', body } }];
  return [...told, { kind: 'remove', place, options: { uid, graceSeconds: 0 } }];
}

function orphaned(pod: ApiObject, now: string): object | null {
  if (hasEnded(pod)) return null;
  const condition: PodCondition = {
    ...{ type: 'DisruptionTarget', status: 'True', lastTransitionTime: now },
    ...{ reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' },
  };
  return { phase: 'Failed', conditions: [condition] };
}

function hasEnded(pod: ApiObject): boolean {
  return ['Succeeded', 'Failed'].includes(stringAt(pod, 'status', 'phase'));
}

function createdAt({ metadata }: ApiObject): string {
  return stringAt(metadata, 'creationTimestamp');
}

/** Somebody has said so, and it is not ready: nothing runs there any more. */
function isOutOfService(node: ApiObject): boolean {
  const isReady = (listAt(node, 'status', 'conditions') as readonly { type: string; status: string }[]).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );
  return (
    !isReady && (listAt(node, 'spec', 'taints') as readonly Taint[]).some(({ key }) => key === outOfService)
  );
}
