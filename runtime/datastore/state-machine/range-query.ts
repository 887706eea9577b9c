/** The finer points of a range as pure functions over its items: bounds on revisions, order, limit. As etcd does it. */
import type { KeyValue, RangeQuery } from './model.ts';

/** Whether the items are wanted as they lie in the store, so that reading can stop at the limit. */
export function isPlain(query: RangeQuery): boolean {
  return !isSorted(query) && !isFiltered(query);
}

/** Orders, filters and cuts all items of a range. `total` is the number of keys in it. */
export function selectItems(
  query: RangeQuery,
  all: readonly KeyValue[],
  total: number,
): { readonly items: readonly KeyValue[]; readonly more: boolean; readonly count: number } {
  if (query.countOnly) return { items: [], more: false, count: total };
  const filtered = isFiltered(query) ? all.filter((item) => isWithin(query, item)) : all;
  const ordered = isSorted(query) ? [...filtered].sort(comparing(query)) : filtered;
  const limit = query.limit ?? 0;
  const more = limit > 0 && ordered.length > limit;
  const cut = more ? ordered.slice(0, limit) : ordered;
  return { items: query.keysOnly ? cut.map(withoutValue) : cut, more, count: total };
}

/** What must be read of the items: sorting by value needs the values, whatever is wanted in the end. */
export function needsValues(query: RangeQuery): boolean {
  return !query.countOnly && (!query.keysOnly || query.sort?.by === 'value');
}

function isSorted({ sort }: RangeQuery): boolean {
  return sort !== undefined && !(sort.by === 'key' && !sort.descending);
}

function isFiltered(query: RangeQuery): boolean {
  const { leastModifyRevision, mostModifyRevision, leastCreateRevision, mostCreateRevision } = query;
  return Boolean(leastModifyRevision || mostModifyRevision || leastCreateRevision || mostCreateRevision);
}

function isWithin(query: RangeQuery, { modifyRevision, createRevision }: KeyValue): boolean {
  return (
    modifyRevision >= (query.leastModifyRevision || 0) &&
    modifyRevision <= (query.mostModifyRevision || Number.MAX_SAFE_INTEGER) &&
    createRevision >= (query.leastCreateRevision || 0) &&
    createRevision <= (query.mostCreateRevision || Number.MAX_SAFE_INTEGER)
  );
}

function comparing({ sort }: RangeQuery): (a: KeyValue, b: KeyValue) => number {
  const by = sort?.by ?? 'key';
  const sign = sort?.descending ? -1 : 1;
  if (by === 'key' || by === 'value') return (a, b) => sign * Buffer.compare(a[by], b[by]);
  return (a, b) => sign * (a[by] - b[by]);
}

function withoutValue(item: KeyValue): KeyValue {
  return item.value.length === 0 ? item : { ...item, value: new Uint8Array() };
}
