/** What a pod uses up: itself, and what its containers ask for. (pkg/quota/v1/evaluator/core/pods.go) Pure. */
import type { Container, Pod, PodSpec } from '../../apiserver/schemas/generated/types/api-core-v1.ts';
import { parseTime } from '../../apiserver/schemas/protobuf/times.ts';
import { addQuantities, compareQuantities, nanosOf, type Quantities } from '../meta/quantities.ts';

type Sort = 'requests' | 'limits';

const counted = ['cpu', 'memory', 'ephemeral-storage'];
const native = /^(?:[^/]*|(?:[^/]+\.)?kubernetes\.io\/.*)$/;

export function podUsage(pod: Pod, nowMs: number): Quantities {
  if (pod.spec === undefined || !isRunning(pod, nowMs)) return {};
  return { pods: '1', ...nameAmounts(sumOf(pod.spec, 'requests'), sumOf(pod.spec, 'limits')) };
}

/** What one container asks for, in the words of quotas. */
export function containerUsage({ resources }: Container): Quantities {
  return nameAmounts(resources?.requests ?? {}, resources?.limits ?? {});
}

/** A pod that is over, or that has been given up, uses nothing. */
function isRunning({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata ?? {};
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  const end = parseTime(String(deletionTimestamp));
  return end === null || nowMs <= (end.seconds + Number(deletionGracePeriodSeconds)) * 1000;
}

function nameAmounts(requests: Quantities, limits: Quantities): Quantities {
  const named: [string, string][] = [];
  for (const [name, amount] of Object.entries(requests)) {
    if (counted.includes(name) || name.startsWith('hugepages-')) named.push([name, amount]);
    const isOther = counted.includes(name) || name.startsWith('hugepages-') || !native.test(name);
    if (isOther) named.push([`requests.${name}`, amount]);
  }
  for (const [name, amount] of Object.entries(limits)) {
    if (counted.includes(name)) named.push([`limits.${name}`, amount]);
  }
  return Object.fromEntries(named);
}

/** Init containers run one after the other, but for those that go on beside the pod. */
function sumOf(spec: PodSpec, sort: Sort): Quantities {
  const of = ({ resources }: Container): Quantities => resources?.[sort] ?? {};
  let total = spec.containers.map(of).reduce(add, {});
  let beside: Quantities = {};
  let most: Quantities = {};
  for (const container of spec.initContainers ?? []) {
    const withBeside = add(beside, of(container));
    most = largest(most, withBeside);
    if (container.restartPolicy !== 'Always') continue;
    total = add(total, of(container));
    beside = withBeside;
  }
  const peak = largest(total, most);
  const overhead = Object.entries(spec.overhead ?? {});
  // What has no limit has none with its overhead either.
  return add(
    peak,
    Object.fromEntries(overhead.filter(([name]) => sort === 'requests' || nanosOf(peak[name]) > 0n)),
  );
}

function add(a: Quantities, b: Quantities): Quantities {
  return merge(a, b, addQuantities);
}

function largest(a: Quantities, b: Quantities): Quantities {
  return merge(a, b, (one, other) => (compareQuantities(one, other) < 0 ? other : one));
}

function merge(a: Quantities, b: Quantities, join: (a: string, b: string) => string): Quantities {
  const merged: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    merged[name] = merged[name] === undefined ? amount : join(merged[name], amount);
  }
  return merged;
}
