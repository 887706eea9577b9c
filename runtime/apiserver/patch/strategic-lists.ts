/** Lists in a strategic merge patch: merged by key or by value, and put in order. Pure. */
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { formatAsGo } from './go-format.ts';
import { PatchError } from './json-patch.ts';

type List = readonly JsonValue[];

export interface ListMerge {
  /** The field by which objects are told apart; null for a list of scalars. */
  readonly mergeKey: string | null;
  readonly mergeItems: (before: JsonObject, patch: JsonObject) => JsonObject;
  /** What is left of an item that is taken as it stands. */
  readonly clean: <T extends JsonValue>(item: T) => T;
}

/** Items of the patch are merged into those with the same key, or added; `$patch` in an item deletes or replaces. */
export function mergeList(before: List, patch: List, merge: ListMerge): JsonValue[] {
  if (before.length === 0 && patch.length === 0) return [];
  if (!holdsObjects(before, patch)) {
    const all = [...new Set([...before, ...patch])];
    return inOrder(all, patch, before, null);
  }
  const key = merge.mergeKey;
  if (key === null) throw inapplicable('cannot merge lists without merge key for type struct');
  const { kept, rest } = applyDirectives(before, patch, key);
  const merged: JsonValue[] = [...kept];
  // By a table: a body of 3 MiB has room for a hundred thousand items.
  const places = placesByKey(merged, key);
  for (const item of rest) {
    const at = places.get(keyOf(item, key));
    if (at !== undefined) merged[at] = merge.mergeItems(merged[at] as JsonObject, item);
    else places.set(keyOf(item, key), merged.push(merge.clean(item)) - 1);
  }
  return inOrder(merged, rest, kept, key);
}

/** The list after its own patch, if there is one, in the order that `$setElementOrder` gives. */
export function orderList(
  before: List | null,
  patch: List | null,
  order: List,
  merge: ListMerge,
  isMerged: boolean,
): JsonValue[] {
  checkOrder(patch ?? [], order, merge.mergeKey);
  if (before !== null && patch !== null) {
    const merged = isMerged ? mergeList(before, patch, merge) : [...merge.clean(patch)];
    return inOrder(merged, order, serverOrder(before, merged, merge.mergeKey), merge.mergeKey);
  }
  return inOrder(before ?? merge.clean(patch ?? []), order, before ?? [], merge.mergeKey);
}

/**
 * The order by which items keep their place. The real server merges within the old list's memory, so that new items stand
 * in it where deleted ones left room; what an applied change looks like afterwards depends on it.
 */
function serverOrder(before: List, merged: List, key: string | null): List {
  if (key === null) return before;
  const [old, now] = [placesByKey(before, key), placesByKey(merged, key)];
  const kept = before.filter((item) => now.has(keyOf(item, key)));
  const added = merged.filter((item) => !old.has(keyOf(item, key)));
  return [...kept, ...added.slice(0, before.length - kept.length)];
}

export function deleteScalars(before: List, gone: List): JsonValue[] {
  const values = new Set(gone);
  return before.filter((value) => !values.has(value));
}

/** All items are objects, or none is. */
function holdsObjects(...lists: readonly List[]): boolean {
  const kinds = new Set(lists.flat().map((item) => kindOf(item as JsonValue)));
  if (kinds.has('list')) throw inapplicable('lists of lists are not supported');
  if (kinds.size > 1)
    throw inapplicable(`list element types are not identical: ${formatAsGo(lists as JsonValue)}`);
  return kinds.has('map');
}

function kindOf(item: JsonValue): string {
  if (Array.isArray(item)) return 'list';
  if (isObject(item)) return 'map';
  return item === null ? 'nil' : typeof item === 'bigint' ? 'number' : typeof item;
}

interface Directed {
  readonly kept: readonly JsonObject[];
  readonly rest: readonly JsonObject[];
}

function applyDirectives(before: List, patch: List, key: string): Directed {
  const gone = new Set<JsonValue>();
  let isReplaced = false;
  const rest: JsonObject[] = [];
  for (const item of patch as readonly JsonObject[]) {
    if (!Object.hasOwn(item, '$patch')) rest.push(item);
    else if (item.$patch === 'delete') gone.add(keyOf(item, key));
    else if (item.$patch === 'replace') isReplaced = true;
    else if (item.$patch === 'merge')
      throw inapplicable('merging lists cannot yet be specified in the patch');
    else
      throw inapplicable(
        `unknown patch type: ${formatAsGo(item.$patch ?? null)} in map: ${formatAsGo(item)}`,
      );
  }
  const kept = (before as readonly JsonObject[]).filter((item) => !gone.has(item[key] ?? null));
  return { kept: isReplaced ? [] : kept, rest };
}

function keyOf(item: JsonValue, key: string): JsonValue {
  const value = isObject(item) && Object.hasOwn(item, key) ? item[key] : undefined;
  if (value === undefined)
    throw inapplicable(`map: ${formatAsGo(item)} does not contain declared merge key: ${key}`);
  return value;
}

/** The first place of each item; by the item itself without a key. */
function placesByKey(list: List, key: string | null): Map<JsonValue, number> {
  const places = new Map<JsonValue, number>();
  for (const [index, item] of list.entries()) {
    const place = key === null ? item : keyOf(item, key);
    if (!places.has(place)) places.set(place, index);
  }
  return places;
}

/** The items of the patch are in the order that it gives itself. */
function checkOrder(patch: List, order: List, key: string | null): void {
  const place = (item: JsonValue): JsonValue => (key === null ? item : keyOf(item, key));
  const wanted = order.map((item) => place(item as JsonValue));
  let from = 0;
  for (const item of patch) {
    if (isObject(item) && Object.hasOwn(item, '$patch')) continue;
    const at = order.length === 0 ? from : wanted.indexOf(place(item), from);
    if (at < 0) {
      const [list, given] = [formatAsGo(patch), formatAsGo(order)];
      throw inapplicable(
        `The order in patch list:\n${list}\n doesn't match $setElementOrder list:\n${given}\n`,
      );
    }
    from = at + 1;
  }
}

/**
 * Items that `order` names stand as it names them; the others keep their place among them as far as `before` tells, and
 * follow them otherwise. (preserve-order-in-strategic-merge-patch.md)
 */
function inOrder(items: List, order: List, before: List, key: string | null): JsonValue[] {
  const place = (item: JsonValue): JsonValue => (key === null ? item : keyOf(item, key));
  const wanted = placesByKey(order, key);
  const old = placesByKey(before, key);
  const by = (places: ReadonlyMap<JsonValue, number>) => (a: JsonValue, b: JsonValue) =>
    (places.get(place(a)) ?? places.size) - (places.get(place(b)) ?? places.size);
  const named = items.filter((item) => wanted.has(place(item))).sort(by(wanted));
  const others = items.filter((item) => !wanted.has(place(item))).sort(by(old));
  const result: JsonValue[] = [];
  let next = 0;
  for (const item of named) {
    const own = old.get(place(item));
    while (own !== undefined && next < others.length) {
      const other = old.get(place(others[next] as JsonValue));
      if (other === undefined || other > own) break;
      result.push(others[next++] as JsonValue);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function inapplicable(message: string): PatchError {
  return new PatchError('inapplicable', message);
}
