/** What no request to a store may hold, refused before it is sent: etcd would answer some of it with silence. */
import {
  largestRequestBytes,
  longestKeyBytes,
  type Operation,
  type RangeQuery,
} from '../state-machine/model.ts';
import { StoreError, type Transaction, type WatchRequest } from '../store.ts';

function number(value: number | undefined, name: string): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) {
    throw new StoreError(
      'invalid',
      `${name} must be a whole number from 0 to ${Number.MAX_SAFE_INTEGER}, not ${value}`,
    );
  }
}

function key(value: Uint8Array): void {
  if (value.length === 0) throw new StoreError('invalid', 'the key is empty');
  if (value.length > longestKeyBytes) {
    throw new StoreError(
      'invalid',
      `the key has ${value.length} bytes; the longest may have ${longestKeyBytes}`,
    );
  }
}

function range(query: RangeQuery): void {
  key(query.key);
  number(query.limit, 'limit');
  number(query.revision, 'revision');
  number(query.leastModifyRevision, 'leastModifyRevision');
  number(query.mostModifyRevision, 'mostModifyRevision');
  number(query.leastCreateRevision, 'leastCreateRevision');
  number(query.mostCreateRevision, 'mostCreateRevision');
}

function operation(item: Operation): number {
  switch (item.operation) {
    case 'put':
      key(item.key);
      number(item.lease, 'lease');
      if (item.keepValue && item.value.length > 0) {
        throw new StoreError('invalid', 'a value is given together with keepValue');
      }
      if (item.keepLease && (item.lease ?? 0) !== 0) {
        throw new StoreError('invalid', 'a lease is given together with keepLease');
      }
      return item.key.length + item.value.length;
    case 'delete':
      key(item.key);
      return item.key.length;
    case 'range':
      range(item);
      return item.key.length;
    case 'transaction':
      return transaction(item);
  }
}

function transaction(request: Transaction): number {
  let bytes = 0;
  for (const comparison of request.compare ?? []) {
    key(comparison.key);
    bytes += comparison.key.length + (comparison.target === 'value' ? comparison.is.length : 0);
    if (comparison.target !== 'value' && !Number.isSafeInteger(comparison.is)) {
      throw new StoreError('invalid', `a comparison with ${comparison.is}, which is no whole number`);
    }
  }
  for (const item of [...request.success, ...(request.failure ?? [])]) bytes += operation(item);
  if (bytes > largestRequestBytes) {
    throw new StoreError(
      'tooLarge',
      `the request has ${bytes} bytes of keys and values; the most is ${largestRequestBytes}`,
    );
  }
  return bytes;
}

/** Each throws a `StoreError` that says what is wrong. */
export const refuseNonsense = {
  range,
  transaction,
  revision: (value: number): void => number(value, 'revision'),
  lease: (value: number): void => number(value, 'the id of the lease'),
  watch(request: WatchRequest): void {
    key(request.key);
    number(request.startRevision, 'startRevision');
  },
};
