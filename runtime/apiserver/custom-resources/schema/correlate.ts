/**
 * Which part of an object as it was is the same part of the object as it is: properties by their names, items of a list where the
 * schema says by what they are told apart. (k8s.io/apiserver/pkg/cel/common/equality.go) Pure.
 */
import { isObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import { listKeysOf, listTypeOf, propertyOf, type Schema } from './schema.ts';

/** Undefined: there is none. */
export function oldProperty(old: JsonValue | undefined, schema: Schema, name: string): JsonValue | undefined {
  if (schema['x-kubernetes-map-type'] === 'atomic' || !isObject(old) || !Object.hasOwn(old, name))
    return undefined;
  return old[name];
}

/** By an item of the new list the one of the old list; null: none of them corresponds to any. */
export function oldItems(
  old: JsonValue | undefined,
  schema: Schema,
): ((item: JsonValue) => JsonValue | undefined) | null {
  if (listTypeOf(schema) !== 'map' || !Array.isArray(old)) return null;
  const byKey = new Map(old.map((item) => [keyOf(item as JsonValue, schema), item as JsonValue]));
  return (item) => byKey.get(keyOf(item, schema));
}

function keyOf(item: JsonValue, schema: Schema): string {
  if (!isObject(item)) return '';
  const items = schema.items as Schema;
  const values = listKeysOf(schema).map((key) => item[key] ?? propertyOf(items, key)?.default ?? null);
  return values.map((value) => `${typeof value}:${String(value)}`).join('\0');
}
