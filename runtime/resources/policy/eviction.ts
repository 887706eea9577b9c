/**
 * Whether a pod may be evicted: the budget that it counts in has to allow a disruption, and has one less afterwards.
 * (pkg/registry/core/pod/storage/eviction.go) Pure: the caller stores the budget before it deletes the pod.
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import type { Pod } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import type { PodDisruptionBudget } from '../../apiserver/schemas/generated/types/api-policy-v1.ts';
import type { Condition } from '../../apiserver/schemas/generated/types/meta-v1.ts';
import { ApiError, forbidden } from '../../apiserver/status.ts';
import { selects } from '../checks/selection.ts';

/** So many evictions that nobody has noticed are too many. */
const mostDisrupted = 2000;
const retryAfterSeconds = 10;
const words = "Cannot evict pod as it would violate the pod's disruption budget.";

export interface EvictionAllowed {
  readonly kind: 'allow';
  /** To be stored first, through its status; null: none is concerned. A conflict there means to decide anew. */
  readonly budget: ApiObject | null;
  /** The pod is only to be deleted as it was seen: it might have become ready since. */
  readonly keepsVersion: boolean;
}

/** The budgets that a pod counts in. */
export function budgetsOf(pod: ApiObject, budgets: readonly ApiObject[]): readonly ApiObject[] {
  const { namespace, labels } = pod.metadata;
  return budgets.filter(
    (budget) =>
      budget.metadata.namespace === namespace &&
      selects((budget as PodDisruptionBudget).spec?.selector, labels) === true,
  );
}

/** @param matching budgets, as `budgetsOf` finds them. @param now as in `metadata.creationTimestamp` */
export function evictPod(
  pod: ApiObject,
  matching: readonly ApiObject[],
  now: string,
): EvictionAllowed | ApiError {
  const { metadata, status } = pod as Pod;
  const isOver =
    status?.phase === 'Succeeded' || status?.phase === 'Failed' || isSet(metadata?.deletionTimestamp);
  if (isOver) return { kind: 'allow', budget: null, keepsVersion: false };
  if (status?.phase === 'Pending') return { kind: 'allow', budget: null, keepsVersion: true };
  const [budget, ...others] = matching;
  if (budget === undefined) return { kind: 'allow', budget: null, keepsVersion: false };
  if (others.length > 0) {
    const many =
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';
    return new ApiError('InternalError', many);
  }
  // What is not healthy is not counted, so that its end changes no count.
  if (!isReady(pod as Pod) && isUncounted(budget as PodDisruptionBudget)) {
    return { kind: 'allow', budget: null, keepsVersion: true };
  }
  return takeOne(budget, String(metadata?.name ?? ''), now);
}

/** The pod with the reason of its end, as it is stored before it is deleted. */
export function withEvictionCondition(pod: ApiObject, now: string): ApiObject {
  const { status } = pod as Pod;
  const conditions = status?.conditions ?? [];
  const type = 'DisruptionTarget';
  const before = conditions.find((condition) => condition.type === type);
  const lastTransitionTime = before?.status === 'True' ? (before.lastTransitionTime ?? now) : now;
  const about = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' };
  const condition = { ...before, type, status: 'True', lastTransitionTime, ...about };
  const others = conditions.filter((one) => one !== before);
  return { ...pod, status: { ...status, conditions: [...others, condition] } };
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

function isUncounted({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true;
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return currentHealthy >= desiredHealthy && desiredHealthy > 0;
}

function takeOne(budget: ApiObject, podName: string, now: string): EvictionAllowed | ApiError {
  const { metadata, status } = budget as PodDisruptionBudget;
  const name = metadata?.name ?? '';
  const { disruptionsAllowed = 0, disruptedPods = {}, currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  if (Number(status?.observedGeneration ?? 0) < Number(metadata?.generation ?? 0)) {
    return refuse(`The disruption budget ${name} is still being processed by the server.`, retryAfterSeconds);
  }
  const about = { group: 'policy', resource: 'poddisruptionbudget' };
  if (disruptionsAllowed < 0) return forbidden(about, name, 'pdb disruptions allowed is negative');
  if (Object.keys(disruptedPods).length > mostDisrupted) {
    const many = 'DisruptedPods map too big - too many evictions not confirmed by PDB controller';
    return forbidden(about, name, many);
  }
  if (disruptionsAllowed === 0) {
    const healthy = `needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
    return refuse(`The disruption budget ${name} ${healthy}`, null);
  }
  const taken = {
    ...status,
    disruptedPods: { ...disruptedPods, [podName]: now },
    disruptionsAllowed: disruptionsAllowed - 1,
    ...(disruptionsAllowed === 1 ? { conditions: withNoneLeft(budget as PodDisruptionBudget, now) } : {}),
  };
  return { kind: 'allow', budget: { ...budget, status: taken }, keepsVersion: false };
}

function withNoneLeft({ status }: PodDisruptionBudget, now: string): readonly Condition[] {
  const type = 'DisruptionAllowed';
  const conditions = status?.conditions ?? [];
  const before = conditions.find((condition) => condition.type === type);
  const condition: Condition = {
    ...{ type, status: 'False', reason: 'InsufficientPods', message: '' },
    ...(isSet(status?.observedGeneration) ? { observedGeneration: status!.observedGeneration! } : {}),
    lastTransitionTime: before?.status === 'False' ? before.lastTransitionTime : now,
  };
  return before === undefined
    ? [...conditions, condition]
    : conditions.map((one) => (one === before ? condition : one));
}

function refuse(message: string, retry: number | null): ApiError {
  return new ApiError('TooManyRequests', words, {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retry === null ? {} : { retryAfterSeconds: retry }),
  });
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
