/** etcd v3's data model as plain data: keys with versions, transactions, leases, changes. */

export interface KeyValue {
  readonly key: Uint8Array;
  /** Empty where only keys were asked for. */
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modifyRevision: number;
  /** 1 when the key was created; rises by one with every change. */
  readonly version: number;
  /** 0: none. */
  readonly lease: number;
}

/** A single key, or with `end` every key from `key` up to but without `end`. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly end?: Uint8Array | undefined;
}

export type SortTarget = 'key' | 'version' | 'createRevision' | 'modifyRevision' | 'value';

export interface RangeQuery extends KeyRange {
  /** 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** 0 or absent: the newest revision. */
  readonly revision?: number | undefined;
  /** Absent: by key, ascending. */
  readonly sort?: { readonly by: SortTarget; readonly descending: boolean } | undefined;
  readonly keysOnly?: boolean | undefined;
  /** No items, only `count`. */
  readonly countOnly?: boolean | undefined;
  /** Bounds on revisions, inclusive; 0 or absent: none. */
  readonly leastModifyRevision?: number | undefined;
  readonly mostModifyRevision?: number | undefined;
  readonly leastCreateRevision?: number | undefined;
  readonly mostCreateRevision?: number | undefined;
}

export type ComparisonTarget = 'version' | 'createRevision' | 'modifyRevision' | 'lease' | 'value';
export type Relation = 'equal' | 'notEqual' | 'greater' | 'less';

/** Holds when it holds for every key in the range. An absent key has 0 for every number, and no value. */
export type Comparison = KeyRange & {
  /** Absent: equal. */
  readonly relation?: Relation | undefined;
} & (
    | { readonly target: Exclude<ComparisonTarget, 'value'>; readonly is: number }
    | { readonly target: 'value'; readonly is: Uint8Array }
  );

export interface PutOperation {
  readonly operation: 'put';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Attaches the key to a lease, which must exist; 0 or absent: to none. */
  readonly lease?: number | undefined;
  /** Answer with the version before. */
  readonly previous?: boolean | undefined;
  /** Keep the present value, or the present lease; the key must exist. */
  readonly keepValue?: boolean | undefined;
  readonly keepLease?: boolean | undefined;
}

export interface DeleteOperation extends KeyRange {
  readonly operation: 'delete';
  readonly previous?: boolean | undefined;
}

export interface RangeOperation extends RangeQuery {
  readonly operation: 'range';
}

export interface NestedTransaction {
  readonly operation: 'transaction';
  readonly compare: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure: readonly Operation[];
}

export type Operation = PutOperation | DeleteOperation | RangeOperation | NestedTransaction;

export type OperationResult =
  | { readonly operation: 'put'; readonly previous: KeyValue | null }
  | { readonly operation: 'delete'; readonly deleted: number; readonly previous: readonly KeyValue[] }
  | {
      readonly operation: 'range';
      readonly items: readonly KeyValue[];
      readonly more: boolean;
      readonly count: number;
    }
  | {
      readonly operation: 'transaction';
      readonly succeeded: boolean;
      readonly results: readonly OperationResult[];
    };

/** One change of one key. A deletion has an empty value, version 0 and creation revision 0. */
export interface Change extends KeyValue {
  readonly type: 'put' | 'delete';
  /** Only where asked for: the version before; null when there was none or it is compacted. */
  readonly previous?: KeyValue | null;
}

export const longestKeyBytes = 4096;
/** Of one request, as etcd's default: keys and values of a whole transaction together. */
export const largestRequestBytes = 1536 * 1024;
export const mostOperations = 128;

/** The smallest key greater than `key`. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

/** The end of the range of all keys that start with `prefix`; an empty prefix means every key. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let index = end.length - 1; index >= 0; index -= 1) {
    const byte = end[index]!;
    if (byte < 0xff) {
      end[index] = byte + 1;
      return end.slice(0, index + 1);
    }
  }
  return everyKeyEnd;
}

/** Greater than every key that is allowed. */
export const everyKeyEnd = new Uint8Array(longestKeyBytes + 1).fill(0xff);
