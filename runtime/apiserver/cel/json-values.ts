/**
 * JSON as values of CEL and back. What a schema says of a place decides what its numbers and texts are; nothing is converted
 * that no expression looks at. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/values.go) Pure.
 */
import { EvaluationError } from './budget.ts';
import { parseDuration, parseTimestamp } from './times.ts';
import { dyn, type ListIdentity, type Type } from './types.ts';
import { isKind, itemsOf, type MapValue, type Value } from './values.ts';

type Json = unknown;

/** @param type what its place has; dyn where nothing is known */
export function fromJson(json: Json, type: Type = dyn): Value {
  switch (typeof json) {
    case 'string':
      return fromText(json, type);
    case 'number':
      return type.kind !== 'double' && Number.isSafeInteger(json) ? BigInt(json) : json;
    case 'bigint':
      return type.kind === 'double' ? Number(json) : json;
    case 'boolean':
      return json;
    case 'object':
      if (json === null) return null;
      return Array.isArray(json) ? fromArray(json, type) : fromObject(json as Properties, type);
    default:
      return null;
  }
}

function fromText(text: string, type: Type): Value {
  switch (type.kind) {
    case 'bytes':
      return Buffer.from(text, 'base64');
    case 'timestamp':
      return readOr(text, parseTimestamp(text.length === 10 ? `${text}T00:00:00Z` : text));
    case 'duration':
      return readOr(text, parseDuration(text));
    default:
      return text;
  }
}

function readOr(text: string, value: Value): Value {
  if (value === null) throw new EvaluationError(`invalid value for its format: ${JSON.stringify(text)}`);
  return value;
}

function fromArray(items: readonly Json[], type: Type): Value {
  const [element, identity]: [Type, ListIdentity | undefined] =
    type.kind === 'list' ? [type.element, type.identity] : [dyn, undefined];
  return { kind: 'list', size: items.length, at: (index) => fromJson(items[index], element), identity };
}

type Properties = Readonly<Record<string, Json>>;

function fromObject(properties: Properties, type: Type): MapValue {
  if (type.kind === 'object') return fromFields(properties, type);
  const value = type.kind === 'map' ? type.value : dyn;
  // A property without a value is none.
  const keys = (): string[] => Object.keys(properties).filter((key) => properties[key] !== undefined);
  return {
    kind: 'map',
    size: Object.keys(properties).length,
    get: (key) => {
      if (typeof key !== 'string' || !Object.hasOwn(properties, key)) return undefined;
      return properties[key] === undefined ? undefined : fromJson(properties[key], value);
    },
    keys,
  };
}

function fromFields(properties: Properties, { fields }: Extract<Type, { kind: 'object' }>): MapValue {
  const isThere = (property: string): boolean =>
    Object.hasOwn(properties, property) && properties[property] !== undefined;
  const there = (): string[] =>
    [...fields].filter(([, { property }]) => isThere(property)).map(([name]) => name);
  return {
    kind: 'map',
    get size() {
      return there().length;
    },
    get: (key) => {
      const field = typeof key === 'string' ? fields.get(key) : undefined;
      if (field === undefined || !isThere(field.property)) return undefined;
      return fromJson(properties[field.property], field.type);
    },
    keys: there,
  };
}

/** For what an expression gives that is an object, a list or a scalar; undefined: JSON has no such thing. */
export function toJson(value: Value): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === 'number') return value;
  if (isKind(value, 'uint')) return toJson(value.value);
  if (isKind(value, 'list')) return itemsOf(value).map(toJson);
  if (isKind(value, 'map')) {
    return Object.fromEntries([...value.keys()].map((key) => [String(key), toJson(value.get(key) as Value)]));
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return undefined;
}
