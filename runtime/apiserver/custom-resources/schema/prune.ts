/**
 * Takes out of an object what its schema does not name. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning) Pure: what
 * has nothing too much in it stays the same object.
 */
import { isObject, type JsonObject, type JsonValue, setOwn } from '../../schemas/protobuf/json-value.ts';
import {
  isResource,
  itemsOf,
  keepsUnknown,
  ownProperties,
  propertyOf,
  type Schema,
  valuesOf,
} from './schema.ts';

export interface Pruned {
  readonly value: JsonValue;
  /** Where something was, as far as it is listed: `spec.x`, `spec.list[0].y`. */
  readonly unknown: readonly string[];
}

/** More are not listed. */
const mostPaths = 100;

/** @param root of an object: its kind, apiVersion and metadata stay whatever it says of them */
export function prune(value: JsonValue, root: Schema): Pruned {
  const unknown: string[] = [];
  const pruned = pruneValue(value, { ...root, 'x-kubernetes-embedded-resource': true }, '', unknown);
  return { value: pruned, unknown };
}

/** Of a default: it is no object of its own. */
export function pruneDefault(value: JsonValue, schema: Schema): JsonValue {
  return pruneValue(value, schema, '', []);
}

type Keep = (name: string, item: JsonValue, path: string) => JsonValue | undefined;

/** @param schema null: nothing is known of it, and its objects have no properties */
function pruneValue(value: JsonValue, schema: Schema | null, path: string, unknown: string[]): JsonValue {
  if (schema !== null && keepsUnknown(schema)) return keepMost(value, schema, path, unknown);
  if (Array.isArray(value)) {
    const items = schema === null ? null : itemsOf(schema);
    return mapItems(value, (item, index) => pruneValue(item, items, `${path}[${index}]`, unknown));
  }
  if (!isObject(value)) return value;
  return mapProperties(value, path, (name, item, at) => {
    if (schema !== null && isResource(schema) && ownProperties.has(name)) return item;
    const property = schema === null ? null : propertyOf(schema, name);
    if (property !== null) return pruneValue(item, property, at, unknown);
    if (schema !== null && allowsOthers(schema)) return pruneValue(item, valuesOf(schema), at, unknown);
    if (unknown.length < mostPaths) unknown.push(at);
    return undefined;
  });
}

function allowsOthers({ additionalProperties }: Schema): boolean {
  return (
    additionalProperties !== undefined && additionalProperties !== null && additionalProperties !== false
  );
}

/** What is named is pruned, and the rest is kept as it is. */
function keepMost(value: JsonValue, schema: Schema, path: string, unknown: string[]): JsonValue {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items === null) return value;
    return mapItems(value, (item, index) => keepMost(item, items, `${path}[${index}]`, unknown));
  }
  if (!isObject(value)) return value;
  return mapProperties(value, path, (name, item, at) => {
    if (isResource(schema) && ownProperties.has(name)) return item;
    const known = propertyOf(schema, name) ?? valuesOf(schema);
    return known === null ? item : pruneValue(item, known, at, unknown);
  });
}

function mapItems(
  items: readonly JsonValue[],
  change: (item: JsonValue, index: number) => JsonValue,
): JsonValue {
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

function mapProperties(object: JsonObject, path: string, keep: Keep): JsonValue {
  const kept: JsonObject = {};
  let isSame = true;
  for (const [name, item] of Object.entries(object)) {
    const value = keep(name, item as JsonValue, path === '' ? name : `${path}.${name}`);
    if (value !== undefined) setOwn(kept, name, value);
    isSame &&= value === item;
  }
  return isSame ? object : kept;
}
