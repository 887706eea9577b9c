/**
 * What is kept of its promises to a pod when a node runs out of something. (pkg/apis/core/helper/qos) Pure.
 */
import type { Container, PodSpec } from '../../../apiserver/schemas/generated/types/api-core-v1.ts';
import { nanosOf, type Quantities, sumOf } from '../../meta/quantities.ts';

const counted = ['cpu', 'memory'] as const;

export function qosClassOf(spec: PodSpec): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const totals = counted.map((name) => ({
    request: totalOf(containers, name, 'requests'),
    limit: totalOf(containers, name, 'limits'),
  }));
  if (totals.every(({ request, limit }) => request === 0n && limit === 0n)) return 'BestEffort';
  const isLimited = containers.every(({ resources }) =>
    counted.every((name) => amountOf(resources?.limits, name) > 0n),
  );
  return isLimited && totals.every(({ request, limit }) => request === limit) ? 'Guaranteed' : 'Burstable';
}

function totalOf(containers: readonly Container[], name: string, list: 'requests' | 'limits'): bigint {
  return sumOf(containers.map(({ resources }) => amount(resources?.[list], name)));
}

function amountOf(quantities: Quantities | undefined, name: string): bigint {
  return nanosOf(amount(quantities, name));
}

/** Less than nothing is nothing. */
function amount(quantities: Quantities | undefined, name: string): string {
  const quantity = quantities?.[name] ?? '0';
  return nanosOf(quantity) > 0n ? quantity : '0';
}
