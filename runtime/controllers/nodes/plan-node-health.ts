/**
 * What the cluster says of a node that does not speak for itself, and what follows for pods from what is said of a node: taints.
 * (pkg/controller/nodelifecycle) Pure.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { booleanAt, isSet, listAt, stringAt } from '../../apiserver/objects/read-path.ts';
import type { NodeCondition, Taint } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { placeIn, resources } from '../client/places.ts';
import { removalOf, type Write } from '../client/writes.ts';
import { memberAnnotation, notReadyKey } from './node-object.ts';

export interface ObservedHealth {
  /** null where there is none any more */
  readonly node: ApiObject | null;
  /** What the cluster knows of the member of that name; 'unknown' where it does not know its members now. */
  readonly member: { readonly id: string; readonly isOnline: boolean } | 'none' | 'unknown';
  /** Since its lease or its status was last seen to change. */
  readonly silentMs: number;
  /** As `metav1.Time`. */
  readonly now: string;
}

/** For so long a node may be silent that the cluster itself knows nothing of. */
const graceMilliseconds = 40_000;

export function planNodeHealth(observed: ObservedHealth): readonly Write[] {
  const { node, member } = observed;
  if (node === null || isSet(node.metadata, 'deletionTimestamp')) return [];
  const owner = stringAt(node.metadata, 'annotations', memberAnnotation);
  const isRemoved = owner !== '' && (member === 'none' || (member !== 'unknown' && member.id !== owner));
  if (isRemoved) return [removalOf(resources.nodes, node)];
  const conditions = isSilent(observed) ? silentConditions(node, observed.now) : null;
  // The taints follow from the conditions when those have come back.
  if (conditions !== null) return [statusPatch(node, conditions)];
  return taintPatch(node, observed.now);
}

function isSilent({ member, silentMs }: ObservedHealth): boolean {
  if (typeof member === 'object') return !member.isOnline;
  return silentMs > graceMilliseconds;
}

const types = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** @returns null where all of them say it already */
function silentConditions(node: ApiObject, now: string): readonly NodeCondition[] | null {
  const before = conditionsOf(node);
  if (types.every((type) => before.find((one) => one.type === type)?.status === 'Unknown')) return null;
  const unknown = types.map((type): NodeCondition => {
    const old = before.find((one) => one.type === type);
    if (old?.status === 'Unknown') return old;
    const [reason, message] =
      old === undefined
        ? ['NodeStatusNeverUpdated', 'Kubelet never posted node status.']
        : ['NodeStatusUnknown', 'Kubelet stopped posting node status.'];
    const lastHeartbeatTime = old?.lastHeartbeatTime ?? stringAt(node.metadata, 'creationTimestamp');
    return { type, status: 'Unknown', reason, message, lastHeartbeatTime, lastTransitionTime: now };
  });
  return [...before.filter(({ type }) => !(types as readonly string[]).includes(type)), ...unknown];
}

function statusPatch(node: ApiObject, conditions: readonly NodeCondition[]): Write {
  const { resourceVersion } = node.metadata;
  const body = { metadata: { resourceVersion }, status: { conditions } };
  const place = { ...placeIn(resources.nodes, node.metadata), subresource: 'status' };
  return { kind: 'patch', place, patch: { kind: 'merge', body } };
}

const unreachableKey = 'node.kubernetes.io/unreachable';
const unschedulableKey = 'node.kubernetes.io/unschedulable';
/** By condition: no new pods. */
const pressureKeys: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const ownKeys: ReadonlySet<string> = new Set([
  ...[notReadyKey, unreachableKey, unschedulableKey],
  ...Object.values(pressureKeys),
]);

/** Taints of others stay, and come first. */
function taintPatch(node: ApiObject, now: string): readonly Write[] {
  const before = listAt(node, 'spec', 'taints') as readonly Taint[];
  const wanted = taintsOf(node);
  const has = (taints: readonly Taint[], { key, effect }: Taint): boolean =>
    taints.some((one) => one.key === key && one.effect === effect);
  const kept = before.filter((taint) => !ownKeys.has(taint.key ?? '') || has(wanted, taint));
  const added = wanted.filter((taint) => !has(before, taint));
  if (added.length === 0 && kept.length === before.length) return [];
  const timed = added.map((taint) => (taint.effect === 'NoExecute' ? { ...taint, timeAdded: now } : taint));
  const taints = [...kept, ...timed];
  const { resourceVersion } = node.metadata;
  const body = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
  return [{ kind: 'patch', place: placeIn(resources.nodes, node.metadata), patch: { kind: 'merge', body } }];
}

function taintsOf(node: ApiObject): readonly Taint[] {
  const conditions = conditionsOf(node);
  const ready = conditions.find(({ type }) => type === 'Ready')?.status;
  const readiness = ready === 'True' ? [] : [ready === 'Unknown' ? unreachableKey : notReadyKey];
  const pressures = conditions.flatMap(({ type, status }) =>
    status === 'True' && pressureKeys[type ?? ''] !== undefined ? [pressureKeys[type ?? ''] as string] : [],
  );
  const cordoned = booleanAt(node, 'spec', 'unschedulable') === true ? [unschedulableKey] : [];
  return [
    ...[...readiness, ...pressures, ...cordoned].map((key) => ({ key, effect: 'NoSchedule' })),
    ...readiness.map((key) => ({ key, effect: 'NoExecute' })),
  ];
}

function conditionsOf(node: ApiObject): readonly NodeCondition[] {
  return listAt(node, 'status', 'conditions') as readonly NodeCondition[];
}
