/** Kubernetes' functions of lists, and cel-go's of sets. (k8s.io/apiserver/pkg/cel/library/lists.go, cel-go ext/sets.go) Pure. */
import { EvaluationError, spend, spendFor } from '../budget.ts';
import type { FunctionTable, Run } from '../signature.ts';
import {
  compare,
  contains,
  type DurationValue,
  equals,
  isKind,
  itemsOf,
  type ListValue,
  type UintValue,
  type Value,
} from '../values.ts';

const ordered = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];

function ofOrdered(name: string, result: (item: string) => string, run: Run): FunctionTable {
  return Object.fromEntries(ordered.map((item) => [`list<${item}>.${name}(): ${result(item)}`, run]));
}

const isSorted: Run = ([given], budget) => {
  const items = itemsOf(given as ListValue);
  spend(budget, items.length);
  return items.every((item, index) => index === 0 || compare(items[index - 1] as Value, item, budget) <= 0);
};

function extreme(name: string, sign: number): FunctionTable {
  return ofOrdered(
    name,
    (item) => item,
    ([given], budget) => {
      const items = itemsOf(given as ListValue);
      spend(budget, items.length);
      if (items.length === 0) throw new EvaluationError(`${name} called on empty list`);
      return items.reduce((best, item) => (compare(item, best, budget) * sign > 0 ? item : best));
    },
  );
}

/** @param zero of an empty list */
function sum(zero: Value, add: (a: Value, b: Value) => Value): Run {
  return ([given], budget) => {
    const items = itemsOf(given as ListValue);
    spend(budget, items.length);
    return items.reduce((total, item) => add(total, item), zero);
  };
}

const mostInt = 2n ** 63n;

function inRange(value: bigint, least: bigint, most: bigint): bigint {
  if (value < least || value >= most) throw new EvaluationError('integer overflow');
  return value;
}

function indexOf(isLast: boolean): Run {
  return ([given, wanted], budget) => {
    const items = itemsOf(given as ListValue);
    spendFor(budget, items.length);
    const isWanted = (item: Value): boolean => equals(item, wanted as Value, budget);
    return BigInt(isLast ? items.findLastIndex(isWanted) : items.findIndex(isWanted));
  };
}

export const lists: FunctionTable = {
  ...ofOrdered('isSorted', () => 'bool', isSorted),
  ...extreme('max', 1),
  ...extreme('min', -1),
  'list<int>.sum(): int': sum(0n, (a, b) => inRange((a as bigint) + (b as bigint), -mostInt, mostInt)),
  'list<uint>.sum(): uint': sum({ kind: 'uint', value: 0n }, (a, b) => ({
    kind: 'uint',
    value: inRange((a as UintValue).value + (b as UintValue).value, 0n, 2n * mostInt),
  })),
  'list<double>.sum(): double': sum(0, (a, b) => (a as number) + (b as number)),
  'list<duration>.sum(): duration': sum({ kind: 'duration', nanoseconds: 0n }, (a, b) => ({
    kind: 'duration',
    nanoseconds: inRange(
      (a as DurationValue).nanoseconds + (b as DurationValue).nanoseconds,
      -mostInt,
      mostInt,
    ),
  })),
  'list<T>.indexOf(T): int': indexOf(false),
  'list<T>.lastIndexOf(T): int': indexOf(true),
};

function holdsAll(a: ListValue, b: ListValue, budget: Parameters<Run>[1]): boolean {
  return itemsOf(b).every((item) => contains(a, item, budget));
}

export const sets: FunctionTable = {
  '::sets.contains(list<T>, list<T>): bool': (args, budget) => {
    const [a, b] = args as [ListValue, ListValue];
    return holdsAll(a, b, budget);
  },
  '::sets.equivalent(list<T>, list<T>): bool': (args, budget) => {
    const [a, b] = args as [ListValue, ListValue];
    return holdsAll(a, b, budget) && holdsAll(b, a, budget);
  },
  '::sets.intersects(list<T>, list<T>): bool': (args, budget) => {
    const [a, b] = args as [ListValue, ListValue];
    return itemsOf(b).some((item) => contains(a, item, budget));
  },
};

/** What counts as nothing for `ofNonZeroValue`. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === 0n || value === 0 || value === '') return true;
  if (value instanceof Uint8Array) return value.length === 0;
  if (isKind(value, 'list') || isKind(value, 'map')) return value.size === 0;
  if (isKind(value, 'uint')) return value.value === 0n;
  return isKind(value, 'duration') && value.nanoseconds === 0n;
}

export const optionals: FunctionTable = {
  '::optional.none(): optional<T>': () => ({ kind: 'optional', value: undefined }),
  '::optional.of(T): optional<T>': ([value]) => ({ kind: 'optional', value }),
  '::optional.ofNonZeroValue(T): optional<T>': ([value]) => ({
    kind: 'optional',
    value: isZero(value as Value) ? undefined : value,
  }),
  'optional<T>.hasValue(): bool': ([optional]) =>
    isKind(optional as Value, 'optional') && valueIn(optional) !== undefined,
  'optional<T>.value(): T': ([optional]) => {
    const value = valueIn(optional);
    if (value === undefined) throw new EvaluationError('optional.none() dereference');
    return value;
  },
  'optional<T>.or(optional<T>): optional<T>': ([optional, other]) =>
    (valueIn(optional) === undefined ? other : optional) as Value,
  'optional<T>.orValue(T): T': ([optional, other]) => valueIn(optional) ?? (other as Value),
};

function valueIn(optional: Value | undefined): Value | undefined {
  return (optional as { readonly value: Value | undefined }).value;
}
