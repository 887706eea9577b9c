/** What stands between operands, sizes, and conversions from one type to another. (cel-spec, doc/langdef.md) Pure. */
import { EvaluationError, spend, spendFor } from '../budget.ts';
import type { FunctionTable, Run } from '../signature.ts';
import {
  formatDuration,
  formatTimestamp,
  nanosecondsPerSecond,
  parseDuration,
  parseTimestamp,
} from '../times.ts';
import type { ListIdentity } from '../types.ts';
import {
  compare,
  contains,
  type DurationValue,
  equals,
  isKind,
  itemsOf,
  keyText,
  type ListValue,
  list,
  type MapValue,
  type TimestampValue,
  typeName,
  type UintValue,
  type Value,
} from '../values.ts';

const leastInt = -(2n ** 63n);
const mostInt = 2n ** 63n - 1n;
const mostUint = 2n ** 64n - 1n;

function int(value: bigint): bigint {
  if (value < leastInt || value > mostInt) throw new EvaluationError('integer overflow');
  return value;
}

function uint(value: bigint): UintValue {
  if (value < 0n || value > mostUint) throw new EvaluationError('unsigned integer overflow');
  return { kind: 'uint', value };
}

function duration(nanoseconds: bigint): DurationValue {
  if (nanoseconds < leastInt || nanoseconds > mostInt) throw new EvaluationError('duration overflow');
  return { kind: 'duration', nanoseconds };
}

/** From year 1 to year 9999. */
const [firstTime, lastTime] = [-62_135_596_800n, 253_402_300_799n].map(
  (seconds) => seconds * nanosecondsPerSecond,
) as [...[bigint, bigint]];

function timestamp(nanoseconds: bigint): TimestampValue {
  if (nanoseconds < firstTime || nanoseconds > lastTime + nanosecondsPerSecond - 1n)
    throw new EvaluationError('timestamp overflow');
  return { kind: 'timestamp', nanoseconds };
}

function divisor(value: bigint, word: string): bigint {
  if (value === 0n) throw new EvaluationError(`${word} by zero`);
  return value;
}

function onInts(name: string, apply: (a: bigint, b: bigint) => bigint): FunctionTable {
  return {
    [`::${name}(int, int): int`]: (args) => int(apply(...(args as [bigint, bigint]))),
    [`::${name}(uint, uint): uint`]: (args) => {
      const [a, b] = args as [UintValue, UintValue];
      return uint(apply(a.value, b.value));
    },
  };
}

function onDoubles(name: string, apply: (a: number, b: number) => number): FunctionTable {
  return { [`::${name}(double, double): double`]: (args) => apply(...(args as [number, number])) };
}

/** @param build from both sums of nanoseconds */
function onTimes(signature: string, build: (a: bigint, b: bigint) => Value): FunctionTable {
  return {
    [signature]: (args) => {
      const [a, b] = args as [DurationValue, DurationValue];
      return build(a.nanoseconds, b.nanoseconds);
    },
  };
}

export const arithmetic: FunctionTable = {
  ...onInts('_+_', (a, b) => a + b),
  ...onInts('_-_', (a, b) => a - b),
  ...onInts('_*_', (a, b) => a * b),
  ...onInts('_/_', (a, b) => a / divisor(b, 'division')),
  ...onInts('_%_', (a, b) => a % divisor(b, 'modulus')),
  ...onDoubles('_+_', (a, b) => a + b),
  ...onDoubles('_-_', (a, b) => a - b),
  ...onDoubles('_*_', (a, b) => a * b),
  ...onDoubles('_/_', (a, b) => a / b),
  ...onTimes('::_+_(timestamp, duration): timestamp', (a, b) => timestamp(a + b)),
  ...onTimes('::_+_(duration, timestamp): timestamp', (a, b) => timestamp(a + b)),
  ...onTimes('::_+_(duration, duration): duration', (a, b) => duration(a + b)),
  ...onTimes('::_-_(timestamp, timestamp): duration', (a, b) => duration(a - b)),
  ...onTimes('::_-_(timestamp, duration): timestamp', (a, b) => timestamp(a - b)),
  ...onTimes('::_-_(duration, duration): duration', (a, b) => duration(a - b)),
  '::_+_(string, string): string': (args, budget) => {
    const [a, b] = args as [string, string];
    spendFor(budget, a.length + b.length);
    return a + b;
  },
  '::_+_(bytes, bytes): bytes': (args, budget) => {
    const [a, b] = args as [Uint8Array, Uint8Array];
    spendFor(budget, a.length + b.length);
    return Buffer.concat([a, b]);
  },
  '::_+_(list<T>, list<T>): list<T>': (args, budget) => {
    const [a, b] = args as [ListValue, ListValue];
    spend(budget, a.size + b.size);
    const { identity } = a;
    return identity === undefined
      ? list([...itemsOf(a), ...itemsOf(b)])
      : merged(a, b, identity, (item) => contains(a, item, budget));
  },
  '::-_(int): int': ([value]) => int(-(value as bigint)),
  '::-_(double): double': ([value]) => -(value as number),
  '::!_(bool): bool': ([value]) => value !== true,
};

/** What the lists of a schema do: items of a set once, items with keys in place of those with the same ones. */
function merged(
  a: ListValue,
  b: ListValue,
  identity: ListIdentity,
  isIn: (item: Value) => boolean,
): ListValue {
  if (identity.kind === 'set') {
    return list([...itemsOf(a), ...itemsOf(b).filter((item) => !isIn(item))], identity);
  }
  const keyOf = (item: Value): string =>
    identity.keys.map((key) => textOfKey((item as MapValue).get(key) ?? null)).join('\0');
  const byKey = new Map<string, Value>();
  for (const item of [...itemsOf(a), ...itemsOf(b)]) byKey.set(keyOf(item), item);
  return list([...byKey.values()], identity);
}

function textOfKey(value: Value): string {
  return value === null ? '' : keyText(value);
}

const ordered = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'timestamp', 'duration'];
const numbers = ['int', 'uint', 'double'];

function orders(name: string, holds: (order: number) => boolean): FunctionTable {
  const run: Run = ([a, b], budget) => {
    // Nothing is above or below what is no number.
    if (Number.isNaN(a) || Number.isNaN(b)) return false;
    return holds(compare(a as Value, b as Value, budget));
  };
  const mixed = numbers.flatMap((a) => numbers.filter((b) => b !== a).map((b) => [a, b] as const));
  const pairs = [...ordered.map((type) => [type, type] as const), ...mixed];
  return Object.fromEntries(pairs.map(([a, b]) => [`::${name}(${a}, ${b}): bool`, run]));
}

export const comparison: FunctionTable = {
  ...orders('_<_', (order) => order < 0),
  ...orders('_<=_', (order) => order <= 0),
  ...orders('_>_', (order) => order > 0),
  ...orders('_>=_', (order) => order >= 0),
  '::_==_(T, T): bool': ([a, b], budget) => {
    spendForTexts(a as Value, budget);
    return equals(a as Value, b as Value, budget);
  },
  '::_!=_(T, T): bool': ([a, b], budget) => {
    spendForTexts(a as Value, budget);
    return !equals(a as Value, b as Value, budget);
  },
  '::@in(T, list<T>): bool': ([item, within], budget) => contains(within as ListValue, item as Value, budget),
  '::@in(K, map<K, V>): bool': ([key, within]) => (within as MapValue).get(key as Value) !== undefined,
};

function spendForTexts(value: Value, budget: Parameters<Run>[1]): void {
  if (typeof value === 'string' || value instanceof Uint8Array) spendFor(budget, value.length);
}

/** Characters are code points, as everywhere in CEL. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

const sizeOf: Run = ([value], budget) => {
  if (typeof value === 'string') {
    spendFor(budget, value.length);
    return BigInt(lengthOf(value));
  }
  return BigInt(value instanceof Uint8Array ? value.length : (value as ListValue | MapValue).size);
};

const sized = ['string', 'bytes', 'list<T>', 'map<K, V>'];

function fromNumber(value: number, least: bigint, most: bigint): bigint {
  const whole = Math.trunc(value);
  const isIn = Number.isFinite(value) && BigInt(whole) >= least && BigInt(whole) <= most;
  if (!isIn) throw new EvaluationError('integer overflow');
  return BigInt(whole);
}

function fromText<Result extends Value>(
  text: string,
  type: string,
  read: (text: string) => Result | null,
): Result {
  const value = read(text);
  if (value === null) throw new EvaluationError(`type conversion error from 'string' to '${type}'`);
  return value;
}

const digits = (pattern: RegExp) => (text: string) =>
  text.length < 30 && pattern.test(text) ? BigInt(text.replace('+', '')) : null;

function toText(value: Value): string {
  if (isKind(value, 'uint')) return String(value.value);
  if (typeof value === 'number') return formatDouble(value);
  if (isKind(value, 'timestamp')) return formatTimestamp(value);
  if (isKind(value, 'duration')) return formatDuration(value);
  if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString();
    if (Buffer.compare(Buffer.from(text), value) !== 0)
      throw new EvaluationError('invalid UTF-8 in bytes, cannot convert to string');
    return text;
  }
  return String(value);
}

export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

const text: Run = ([value], budget) => {
  const made = toText(value as Value);
  spendFor(budget, made.length);
  return made;
};

const truths: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

export const conversion: FunctionTable = {
  ...Object.fromEntries(sized.map((type) => [`::size(${type}): int`, sizeOf])),
  ...Object.fromEntries(sized.map((type) => [`${type}.size(): int`, sizeOf])),
  '::type(dyn): type': ([value]) => ({ kind: 'type', name: typeName(value as Value) }),
  '::dyn(T): dyn': ([value]) => value as Value,
  '::int(int): int': ([value]) => value as Value,
  '::int(uint): int': ([value]) => int((value as UintValue).value),
  '::int(double): int': ([value]) => fromNumber(value as number, leastInt, mostInt),
  '::int(string): int': ([value]) => int(fromText(value as string, 'int', digits(/^[+-]?\d+$/))),
  '::int(timestamp): int': ([value]) => {
    const { nanoseconds } = value as TimestampValue;
    return (
      (nanoseconds - (((nanoseconds % nanosecondsPerSecond) + nanosecondsPerSecond) % nanosecondsPerSecond)) /
      nanosecondsPerSecond
    );
  },
  '::int(duration): int': ([value]) => (value as DurationValue).nanoseconds,
  '::uint(uint): uint': ([value]) => value as Value,
  '::uint(int): uint': ([value]) => uint(value as bigint),
  '::uint(double): uint': ([value]) => uint(fromNumber(value as number, 0n, mostUint)),
  '::uint(string): uint': ([value]) => uint(fromText(value as string, 'uint', digits(/^\+?\d+$/))),
  '::double(double): double': ([value]) => value as Value,
  '::double(int): double': ([value]) => Number(value),
  '::double(uint): double': ([value]) => Number((value as UintValue).value),
  '::double(string): double': ([value]) =>
    fromText(value as string, 'double', (word) => {
      const number = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(word) ? Number(word) : Number.NaN;
      if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith('-') ? -Infinity : Infinity;
      return Number.isNaN(number) && !/^nan$/i.test(word) ? null : number;
    }),
  '::bool(bool): bool': ([value]) => value as Value,
  '::bool(string): bool': ([value]) => fromText(value as string, 'bool', (word) => truths.get(word) ?? null),
  '::bytes(bytes): bytes': ([value]) => value as Value,
  '::bytes(string): bytes': ([value], budget) => {
    spendFor(budget, (value as string).length);
    return Buffer.from(value as string);
  },
  ...Object.fromEntries(
    ['string', 'bool', 'int', 'uint', 'double', 'bytes', 'timestamp', 'duration'].map((type) => [
      `::string(${type}): string`,
      text,
    ]),
  ),
  '::timestamp(timestamp): timestamp': ([value]) => value as Value,
  '::timestamp(int): timestamp': ([value]) => timestamp((value as bigint) * nanosecondsPerSecond),
  '::timestamp(string): timestamp': ([value]) =>
    timestamp(fromText(value as string, 'google.protobuf.Timestamp', parseTimestamp).nanoseconds),
  '::duration(duration): duration': ([value]) => value as Value,
  '::duration(int): duration': ([value]) => duration(value as bigint),
  '::duration(string): duration': ([value]) =>
    fromText(value as string, 'google.protobuf.Duration', parseDuration),
};
