/** Whether what is asked for lies within a LimitRange. Every sentence is what a client sees. Pure. */
import { nanosOf, writeQuantity } from '../../resources/meta/quantities.ts';
import type {
  Container,
  LimitRange,
  LimitRangeItem,
  PersistentVolumeClaim,
  Pod,
} from '../schemas/generated/types/api-core-v1.ts';

type Amounts = Readonly<Record<string, string>>;

interface Asking {
  readonly requests: Amounts;
  readonly limits: Amounts;
}

const one = 10n ** 9n;

export function checkPod({ spec }: Pod, range: LimitRange): readonly string[] {
  if (spec === undefined) return [];
  const { containers, initContainers = [] } = spec;
  return (range.spec?.limits ?? []).flatMap((limit) => {
    if (limit.type === 'Container') {
      return [...containers, ...initContainers].flatMap((container) => checkAll(limit, askingOf(container)));
    }
    return limit.type === 'Pod' ? checkAll(limit, wholePod(containers, initContainers)) : [];
  });
}

export function checkClaim({ spec }: PersistentVolumeClaim, range: LimitRange): readonly string[] {
  const asking = { requests: spec?.resources?.requests ?? {}, limits: {} };
  return (range.spec?.limits ?? [])
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((limit) => [
      ...each(limit.min, (name, bound) => checkMinimum(limit, name, bound, asking)),
      ...each(limit.max, (name, bound) => checkMostRequested(limit, name, bound, asking)),
    ]);
}

function checkAll(limit: LimitRangeItem, asking: Asking): readonly string[] {
  return [
    ...each(limit.min, (name, bound) => checkMinimum(limit, name, bound, asking)),
    ...each(limit.max, (name, bound) => checkMaximum(limit, name, bound, asking)),
    ...each(limit.maxLimitRequestRatio, (name, bound) => checkRatio(limit, name, bound, asking)),
  ];
}

function each(
  bounds: Amounts | undefined,
  check: (name: string, bound: string) => string | null,
): readonly string[] {
  return Object.entries(bounds ?? {}).flatMap(([name, bound]) => check(name, bound) ?? []);
}

function checkMinimum({ type }: LimitRangeItem, name: string, bound: string, asking: Asking): string | null {
  const [request, limit] = [asking.requests[name], asking.limits[name]];
  const sentence = `minimum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${sentence}.  No request is specified`;
  if (nanosOf(request) < nanosOf(bound)) return `${sentence}, but request is ${request}`;
  const isLow = limit !== undefined && nanosOf(limit) < nanosOf(bound);
  return isLow ? `${sentence}, but limit is ${limit}` : null;
}

function checkMaximum({ type }: LimitRangeItem, name: string, bound: string, asking: Asking): string | null {
  const [request, limit] = [asking.requests[name], asking.limits[name]];
  const sentence = `maximum ${name} usage per ${type} is ${bound}`;
  if (limit === undefined) return `${sentence}.  No limit is specified`;
  if (nanosOf(limit) > nanosOf(bound)) return `${sentence}, but limit is ${limit}`;
  const isHigh = request !== undefined && nanosOf(request) > nanosOf(bound);
  return isHigh ? `${sentence}, but request is ${request}` : null;
}

function checkMostRequested(
  { type }: LimitRangeItem,
  name: string,
  bound: string,
  { requests }: Asking,
): string | null {
  const request = requests[name];
  const sentence = `maximum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${sentence}.  No request is specified`;
  return nanosOf(request) > nanosOf(bound) ? `${sentence}, but request is ${request}` : null;
}

function checkRatio({ type }: LimitRangeItem, name: string, bound: string, asking: Asking): string | null {
  const [request, limit] = [nanosOf(asking.requests[name]), nanosOf(asking.limits[name])];
  const sentence = `${name} max limit to request ratio per ${type} is ${bound}`;
  if (request === 0n) return `${sentence}, but no request is specified or request is 0`;
  if (limit === 0n) return `${sentence}, but no limit is specified or limit is 0`;
  // As fractions, so that nothing is rounded.
  if (limit * one <= nanosOf(bound) * request) return null;
  return `${sentence}, but provided ratio is ${(Number(limit) / Number(request)).toFixed(6)}`;
}

function askingOf({ resources }: Container): Asking {
  return { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} };
}

/** Init containers run before the others: the largest of them counts where it is more than the others together. */
function wholePod(containers: readonly Container[], initContainers: readonly Container[]): Asking {
  const [main, initial] = [containers.map(askingOf), initContainers.map(askingOf)];
  const add = (list: 'requests' | 'limits'): Amounts => {
    const sums = sumOfAll(main.map((asking) => asking[list]));
    for (const [name, amount] of initial.flatMap((asking) => Object.entries(asking[list]))) {
      if (sums[name] === undefined || nanosOf(amount) > nanosOf(sums[name])) sums[name] = amount;
    }
    return sums;
  };
  return { requests: add('requests'), limits: add('limits') };
}

/** What not all containers name has no sum. */
function sumOfAll(lists: readonly Amounts[]): Record<string, string> {
  const names = new Set(lists.flatMap((list) => Object.keys(list)));
  const shared = [...names].filter((name) => lists.every((list) => list[name] !== undefined));
  return Object.fromEntries(
    shared.map((name) => [name, writeQuantity(lists.reduce((sum, list) => sum + nanosOf(list[name]), 0n))]),
  );
}
