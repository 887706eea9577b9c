/** Lists that are sets, or maps by some of their items' fields: nothing stands in them twice. (…/schema/listtype) Pure. */
import { isObject, type JsonValue } from '../../schemas/protobuf/json-value.ts';
import type { FieldError } from '../../status.ts';
import { below, duplicateAt, invalidAt, within } from './faults.ts';
import { itemsOf, listKeysOf, listTypeOf, propertyOf, type Schema, valuesOf } from './schema.ts';

/** @param path of the value; '' at the root */
export function checkLists(value: JsonValue, schema: Schema, path: string): readonly FieldError[] {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    const inItems = (item: JsonValue, index: number): readonly FieldError[] =>
      items === null ? [] : checkLists(item, items, within(path, index));
    return [...checkOne(value, schema, path), ...value.flatMap(inItems)];
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, item]) => {
    const property = propertyOf(schema, name);
    if (property !== null) return checkLists(item as JsonValue, property, below(path, name));
    const values = valuesOf(schema);
    return values === null ? [] : checkLists(item as JsonValue, values, within(path, name));
  });
}

function checkOne(items: readonly JsonValue[], schema: Schema, path: string): readonly FieldError[] {
  const type = listTypeOf(schema);
  if (type === 'set') return repeated(items).map((index) => duplicateAt(within(path, index), items[index]));
  if (type !== 'map') return [];
  const odd = items.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0)
    return [invalidAt(within(path, odd), items[odd], 'must be an object for an array of list-type map')];
  const keys = items.map((item) => keysOf(item, listKeysOf(schema)));
  return repeated(keys).map((index) => duplicateAt(within(path, index), keys[index]));
}

function keysOf(item: JsonValue, names: readonly string[]): JsonValue {
  if (!isObject(item)) return {};
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(item, name)).map((name) => [name, item[name]]),
  );
}

/** Of each value that stands more than once, its second place. */
function repeated(values: readonly JsonValue[]): readonly number[] {
  const counts = new Map<string, number>();
  return values.flatMap((value, index) => {
    const key = canonical(value);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 2 ? [index] : [];
  });
}

/** The same text for the same JSON, whatever the order of names. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (isObject(value)) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item as JsonValue)}`).join(',')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
