/**
 * Fills in what a schema has defaults for, however deep. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting) Pure:
 * what lacks nothing stays the same object.
 */
import { isObject, type JsonObject, type JsonValue, setOwn } from '../../schemas/protobuf/json-value.ts';
import { itemsOf, propertyOf, type Schema, valuesOf } from './schema.ts';

/** A null where none may be counts as nothing: it gets the default, or goes where there is none. */
export function fillDefaults(value: JsonValue, schema: Schema): JsonValue {
  return fill(dropNulls(value, schema), schema);
}

function defaultOf(schema: Schema): JsonValue | undefined {
  const value = schema.default as JsonValue | undefined;
  return value === null ? undefined : value;
}

function isForbiddenNull(value: JsonValue | undefined, schema: Schema | null): boolean {
  return value === null && schema !== null && schema.nullable !== true;
}

/** Nulls that may not be there are as if they were not; those with a default get it later. */
function dropNulls(value: JsonValue, schema: Schema): JsonValue {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items === null ? value : mapItems(value, (item) => dropNulls(item, items));
  }
  if (!isObject(value)) return value;
  return mapProperties(value, (name, item) => {
    const property = propertyOf(schema, name) ?? valuesOf(schema);
    if (property === null) return item;
    if (isForbiddenNull(item, property) && defaultOf(property) === undefined) return undefined;
    return dropNulls(item, property);
  });
}

function fill(value: JsonValue, schema: Schema): JsonValue {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return items === null ? value : mapItems(value, (item) => fillOne(item, items));
  }
  if (!isObject(value)) return value;
  const whole = withMissing(value, schema);
  return mapProperties(whole, (name, item) => {
    const property = propertyOf(schema, name) ?? valuesOf(schema);
    return property === null ? item : fillOne(item, property);
  });
}

function fillOne(value: JsonValue, schema: Schema): JsonValue {
  const own = isForbiddenNull(value, schema) ? (defaultOf(schema) ?? value) : value;
  return fill(own, schema);
}

function withMissing(object: JsonObject, { properties }: Schema): JsonObject {
  const missing = Object.entries(properties ?? {}).filter(
    ([name, property]) =>
      defaultOf(property) !== undefined && (!Object.hasOwn(object, name) || object[name] === undefined),
  );
  if (missing.length === 0) return object;
  const whole: JsonObject = { ...object };
  for (const [name, property] of missing) setOwn(whole, name, defaultOf(property) as JsonValue);
  return whole;
}

function mapItems(items: readonly JsonValue[], change: (item: JsonValue) => JsonValue): JsonValue {
  const changed = items.map(change);
  return changed.every((item, index) => item === items[index]) ? items : changed;
}

function mapProperties(
  object: JsonObject,
  change: (name: string, item: JsonValue) => JsonValue | undefined,
): JsonObject {
  const kept: JsonObject = {};
  let isSame = true;
  for (const [name, item] of Object.entries(object)) {
    const value = change(name, item as JsonValue);
    if (value !== undefined) setOwn(kept, name, value);
    isSame &&= value === item;
  }
  return isSame ? object : kept;
}
