/**
 * The cluster keeps what it needs itself under keys that begin with a zero byte. Through the etcd API they do not exist:
 * every range, comparison, watch and operation passes here, and comes out without them. The only place that knows.
 */
import type { Comparison, KeyRange, Operation, RangeQuery } from '../state-machine/model.ts';
import type { Transaction } from '../store.ts';
import { GrpcError, grpcCode } from './status.ts';

const firstForeignKey = Uint8Array.of(1);

export function isOwnKey(key: Uint8Array): boolean {
  return key[0] === 0;
}

/** The part of a range that is not the cluster's own; an empty range when there is none. */
export function hideOwnKeys<T extends KeyRange>(range: T): T {
  if (!isOwnKey(range.key)) return range;
  // The end may lie among our keys too: then the range ends where it begins, and holds nothing.
  const end = range.end === undefined || isBefore(range.end, firstForeignKey) ? firstForeignKey : range.end;
  return { ...range, key: firstForeignKey, end };
}

export function isEmptyRange(range: KeyRange): boolean {
  return range.end !== undefined && !isBefore(range.key, range.end);
}

export function hideOwnKeysInTransaction(transaction: Required<Transaction>): Required<Transaction> {
  return {
    compare: transaction.compare.map((comparison) => hideOwnKeys<Comparison>(comparison)),
    success: transaction.success.map(hideOwnKeysInOperation),
    failure: transaction.failure.map(hideOwnKeysInOperation),
  };
}

export function hideOwnKeysInOperation(operation: Operation): Operation {
  switch (operation.operation) {
    case 'put':
      if (isOwnKey(operation.key)) throw ownKeyRefused();
      return operation;
    case 'delete':
      return hideOwnKeys(operation);
    case 'range':
      return hideOwnKeys<RangeQuery & { readonly operation: 'range' }>(operation);
    case 'transaction':
      return { operation: 'transaction', ...hideOwnKeysInTransaction(operation) };
  }
}

function ownKeyRefused(): GrpcError {
  return new GrpcError(
    grpcCode.invalidArgument,
    'etcdserver: keys that begin with a zero byte belong to the cluster itself; choose another key',
  );
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) < 0;
}
