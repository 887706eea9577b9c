/** How much of a quota a pod takes, and in which scopes it counts. (pkg/quota/v1/evaluator/core/pods.go) Pure. */
import type {
  Container,
  Pod,
  PodSpec,
  ScopedResourceSelectorRequirement,
} from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { qosClassOf } from '../core/pods/qos-class.ts';
import { isHugePages, isNative } from '../core/resource-names.ts';
import type { Quantities } from '../meta/quantities.ts';
import { addQuantities, maxQuantities } from './amounts.ts';

/** @param nowMs since 1970 */
export function podUsage(pod: Pod, nowMs: number): Quantities {
  // What is stored counts as an object, whatever becomes of it.
  const stored = { 'count/pods': '1' };
  if (isOver(pod, nowMs)) return stored;
  const requests = podTotal(pod.spec ?? noSpec, 'requests');
  const limits = podTotal(pod.spec ?? noSpec, 'limits');
  return { ...stored, pods: '1', ...namedByQuotas(requests, limits) };
}

/** What one container asks for, in the words of quotas. */
export function containerUsage({ resources }: Container): Quantities {
  return namedByQuotas(resources?.requests ?? {}, resources?.limits ?? {});
}

/** It has ended, or should have: nobody else is to wait for it. */
function isOver({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return true;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (!deletionTimestamp || deletionGracePeriodSeconds === undefined || deletionGracePeriodSeconds === null)
    return false;
  return nowMs > millisecondsOf(deletionTimestamp) + Number(deletionGracePeriodSeconds) * 1000;
}

/** Of a time as the server writes it. */
function millisecondsOf(time: string): number {
  const [year = 0, month = 1, day = 0, hour = 0, minute = 0, second = 0] = time.split(/\D/).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const noSpec: PodSpec = { containers: [] };

const natives = ['cpu', 'memory', 'ephemeral-storage'];

function namedByQuotas(requests: Quantities, limits: Quantities): Quantities {
  const named: Record<string, string> = {};
  for (const [name, quantity] of Object.entries(requests)) {
    if (natives.includes(name) || isHugePages(name)) named[name] = quantity;
    if (natives.includes(name) || isHugePages(name) || !isNative(name)) named[`requests.${name}`] = quantity;
  }
  for (const name of natives) if (limits[name] !== undefined) named[`limits.${name}`] = limits[name];
  return named;
}

/**
 * What a pod needs at its hungriest: all containers together, or one that has to end before they start, beside those that started
 * before it and stay. (k8s.io/component-helpers/resource)
 */
function podTotal(
  { containers = [], initContainers = [], overhead = {} }: PodSpec,
  list: 'requests' | 'limits',
): Quantities {
  const of = ({ resources }: Container): Quantities => resources?.[list] ?? {};
  let staying: Quantities = {};
  let hungriest: Quantities = {};
  for (const container of initContainers) {
    const atOnce = addQuantities(of(container), staying);
    if (container.restartPolicy === 'Always') staying = atOnce;
    hungriest = maxQuantities(hungriest, atOnce);
  }
  const running = containers.map(of).reduce(addQuantities, staying);
  const total = maxQuantities(running, hungriest);
  // There is no limit where none was set, whatever is added to it.
  const extra = Object.entries(overhead).filter(([name]) => list === 'requests' || total[name] !== undefined);
  return addQuantities(total, Object.fromEntries(extra));
}

/** Whether a pod counts for a quota that asks this. */
export function podIsInScope(
  pod: Pod,
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
): boolean {
  const spec = pod.spec ?? noSpec;
  const isEnding =
    typeof spec.activeDeadlineSeconds === 'number' || typeof spec.activeDeadlineSeconds === 'bigint';
  switch (scopeName) {
    case 'Terminating':
      return isEnding;
    case 'NotTerminating':
      return !isEnding;
    case 'BestEffort':
      return qosClassOf(spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClassOf(spec) !== 'BestEffort';
    case 'PriorityClass':
      return isSelected(spec.priorityClassName ?? '', operator ?? '', values);
    case 'CrossNamespacePodAffinity':
      return looksIntoOtherNamespaces(spec);
    default:
      return false;
  }
}

/** '' is no class. */
function isSelected(priorityClass: string, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return priorityClass !== '' && values.includes(priorityClass);
    case 'NotIn':
      return priorityClass === '' || !values.includes(priorityClass);
    case 'Exists':
      return priorityClass !== '';
    default:
      return operator === 'DoesNotExist' && priorityClass === '';
  }
}

function looksIntoOtherNamespaces({ affinity }: PodSpec): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((rules) => {
    const preferred = rules?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    const terms = [
      ...(rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...preferred.flatMap(({ podAffinityTerm }) => podAffinityTerm ?? []),
    ];
    return terms.some(
      ({ namespaces = [], namespaceSelector }) =>
        namespaces.length > 0 || (namespaceSelector ?? null) !== null,
    );
  });
}
