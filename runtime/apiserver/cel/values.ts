/** Values of CEL: what they are, what they equal, which is the greater one. Pure. */
import { type Budget, EvaluationError, spend, spendFor } from './budget.ts';
import type { ListIdentity, Type } from './types.ts';

/** A bigint is an int, a number a double. */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | UintValue
  | ListValue
  | MapValue
  | TimestampValue
  | DurationValue
  | OptionalValue
  | TypeValue
  | OpaqueValue;

export interface UintValue {
  readonly kind: 'uint';
  readonly value: bigint;
}
export interface ListValue {
  readonly kind: 'list';
  readonly size: number;
  readonly at: (index: number) => Value;
  readonly identity?: ListIdentity | undefined;
}
export interface MapValue {
  readonly kind: 'map';
  readonly size: number;
  readonly get: (key: Value) => Value | undefined;
  readonly keys: () => Iterable<Value>;
}
/** Nanoseconds since 1970. */
export interface TimestampValue {
  readonly kind: 'timestamp';
  readonly nanoseconds: bigint;
}
export interface DurationValue {
  readonly kind: 'duration';
  readonly nanoseconds: bigint;
}
export interface OptionalValue {
  readonly kind: 'optional';
  /** Undefined: none. */
  readonly value: Value | undefined;
}
export interface TypeValue {
  readonly kind: 'type';
  readonly name: string;
}
/** Of a library. */
export interface OpaqueValue {
  readonly kind: 'opaque';
  readonly name: string;
  readonly held: unknown;
  readonly equals: (other: OpaqueValue) => boolean;
}

export const none: OptionalValue = { kind: 'optional', value: undefined };

export function list(items: readonly Value[], identity?: ListIdentity): ListValue {
  return { kind: 'list', size: items.length, at: (index) => items[index] as Value, identity };
}

export function itemsOf({ size, at }: ListValue): Value[] {
  return Array.from({ length: size }, (_, index) => at(index));
}

/** @param entries later ones of the same key win */
export function map(entries: Iterable<readonly [Value, Value]>): MapValue {
  const known = new Map<string, readonly [Value, Value]>();
  for (const entry of entries) known.set(keyText(entry[0]), entry);
  return {
    kind: 'map',
    size: known.size,
    get: (key) => known.get(keyText(key))?.[1],
    keys: () => [...known.values()].map(([key]) => key),
  };
}

/** Numbers of every type are one key where they are one number. */
export function keyText(key: Value): string {
  const number = wholeNumber(key);
  if (number !== null) return `n${number}`;
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  // No key is a fraction, but one may be looked for.
  if (typeof key === 'number') return `f${key}`;
  throw new EvaluationError(`unsupported key type: ${typeName(key)}`);
}

function wholeNumber(value: Value): bigint | null {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  return isKind(value, 'uint') ? value.value : null;
}

type Kinds = Extract<Value, { readonly kind: string }>;

export function isKind<Kind extends Kinds['kind']>(
  value: Value,
  kind: Kind,
): value is Extract<Kinds, { readonly kind: Kind }> {
  return value !== null && typeof value === 'object' && 'kind' in value && value.kind === kind;
}

export function typeName(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    default:
      if (value instanceof Uint8Array) return 'bytes';
      return kindName(value);
  }
}

function kindName(value: Kinds): string {
  switch (value.kind) {
    case 'opaque':
      return value.name;
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'optional':
      return 'optional_type';
    default:
      return value.kind;
  }
}

/** Whether a value is of a type, as far as overloads are told apart by it. */
export function fits(type: Type, value: Value): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'parameter':
      return true;
    case 'null':
      return value === null;
    case 'object':
      return isKind(value, 'map');
    case 'opaque':
      return isKind(value, 'opaque') && value.name === type.name;
    case 'timestamp':
    case 'duration':
    case 'optional':
      return isKind(value, type.kind);
    case 'list':
      return isKind(value, 'list') && (value.size === 0 || fits(type.element, value.at(0)));
    default:
      return typeName(value) === type.kind;
  }
}

export function equals(a: Value, b: Value, budget: Budget): boolean {
  if (a === b) return true;
  const order = compareNumbers(a, b);
  if (order !== null) return order === 0;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  }
  spend(budget, 1);
  switch (a.kind) {
    case 'list':
      return b.kind === 'list' && equalLists(a, b, budget);
    case 'map':
      return b.kind === 'map' && equalMaps(a, b, budget);
    case 'timestamp':
    case 'duration':
      return b.kind === a.kind && a.nanoseconds === b.nanoseconds;
    case 'optional':
      if (b.kind !== 'optional') return false;
      if (a.value === undefined || b.value === undefined) return a.value === b.value;
      return equals(a.value, b.value, budget);
    case 'type':
      return b.kind === 'type' && a.name === b.name;
    case 'opaque':
      return b.kind === 'opaque' && a.name === b.name && a.equals(b);
    default:
      return false;
  }
}

function equalLists(a: ListValue, b: ListValue, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  spendFor(budget, a.size);
  const { identity } = a;
  for (let index = 0; index < a.size; index += 1) {
    const item = a.at(index);
    const same = identity === undefined ? equals(item, b.at(index), budget) : contains(b, item, budget);
    if (!same) return false;
  }
  return true;
}

function equalMaps(a: MapValue, b: MapValue, budget: Budget): boolean {
  if (a.size !== b.size) return false;
  spendFor(budget, a.size);
  for (const key of a.keys()) {
    const [own, other] = [a.get(key), b.get(key)];
    if (own === undefined || other === undefined || !equals(own, other, budget)) return false;
  }
  return true;
}

export function contains({ size, at }: ListValue, wanted: Value, budget: Budget): boolean {
  for (let index = 0; index < size; index += 1) {
    spend(budget, 0.1);
    if (equals(at(index), wanted, budget)) return true;
  }
  return false;
}

/** Of any two numbers; null: they are none, or not to be compared. */
export function compareNumbers(a: Value, b: Value): number | null {
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left === null || right === null || Number.isNaN(left) || Number.isNaN(right)) return null;
  return left < right ? -1 : left > right ? 1 : 0;
}

function numberOf(value: Value): number | bigint | null {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return isKind(value, 'uint') ? value.value : null;
}

/** Below, at or above 0. Throws `EvaluationError` for what has no order. */
export function compare(a: Value, b: Value, budget: Budget): number {
  const numbers = compareNumbers(a, b);
  if (numbers !== null) return numbers;
  if (typeof a === 'string' && typeof b === 'string') {
    spendFor(budget, Math.min(a.length, b.length));
    return Buffer.compare(Buffer.from(a), Buffer.from(b));
  }
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const isTime =
    (isKind(a, 'timestamp') && isKind(b, 'timestamp')) || (isKind(a, 'duration') && isKind(b, 'duration'));
  if (!isTime) throw new EvaluationError('no such overload');
  const [left, right] = [(a as DurationValue).nanoseconds, (b as DurationValue).nanoseconds];
  return left < right ? -1 : left > right ? 1 : 0;
}
