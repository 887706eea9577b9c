/**
 * etcd's messages in our model: what a client asked of a server of ours, and what an etcd answered. Requests are judged
 * by etcd's own rules and refused in its own words; numbers out of reason are cut, as etcd treats them.
 */
import {
  type Change,
  type Comparison,
  everyKeyEnd,
  type KeyRange,
  type KeyValue,
  mostOperations,
  type Operation,
  type OperationResult,
  type RangeQuery,
} from '../state-machine/model.ts';
import type { Transaction } from '../store.ts';
import { comparisonTargets, relations, sortOrder, sortTargets } from './from-model.ts';
import type { Message } from './messages.ts';
import { toBytes, toLeaseId, toNumber } from './numbers.ts';
import { etcdText, GrpcError, grpcCode } from './status.ts';

/** Stands for a lease whose id no client of ours can name; see `numbers.ts`. */
const foreignLease = -1;

export function keyValueTo(message: Message<'KeyValue'>): KeyValue {
  return {
    key: toBytes(message.key),
    value: toBytes(message.value),
    createRevision: toNumber(message.createRevision),
    modifyRevision: toNumber(message.modRevision),
    version: toNumber(message.version),
    lease: toLeaseId(message.lease) ?? foreignLease,
  };
}

export function changeTo(event: Message<'Event'>, withPrevious: boolean): Change {
  const change: Change = { ...keyValueTo(event.kv!), type: event.type === 0 ? 'put' : 'delete' };
  return withPrevious ? { ...change, previous: event.prevKv ? keyValueTo(event.prevKv) : null } : change;
}

/** The range a request names. A zero byte as its end means every key from the first on. */
export function keyRangeTo(key: Uint8Array, rangeEnd: Uint8Array): KeyRange {
  if (key.length === 0) throw invalid(etcdText.emptyKey);
  if (rangeEnd.length === 0) return { key };
  return { key, end: rangeEnd.length === 1 && rangeEnd[0] === 0 ? everyKeyEnd : rangeEnd };
}

export function rangeTo(message: Message<'RangeRequest'>): RangeQuery {
  const positive = (value: Message<'RangeRequest'>['limit']): number => Math.max(0, toNumber(value));
  const order = message.sortOrder;
  const by = sortTargets[message.sortTarget] ?? 'key';
  return {
    ...keyRangeTo(message.key, message.rangeEnd),
    limit: positive(message.limit),
    revision: positive(message.revision),
    // Without an order, another target than the key still means ascending.
    ...(order === sortOrder.none && by === 'key'
      ? {}
      : { sort: { by, descending: order === sortOrder.descending } }),
    keysOnly: message.keysOnly,
    countOnly: message.countOnly,
    leastModifyRevision: positive(message.minModRevision),
    mostModifyRevision: positive(message.maxModRevision),
    leastCreateRevision: positive(message.minCreateRevision),
    mostCreateRevision: positive(message.maxCreateRevision),
  };
}

export function putTo(message: Message<'PutRequest'>): Operation {
  if (message.key.length === 0) throw invalid(etcdText.emptyKey);
  if (message.ignoreValue && message.value.length > 0) throw invalid(etcdText.valueProvided);
  const lease = toLeaseId(message.lease);
  if (message.ignoreLease && lease !== 0) throw invalid(etcdText.leaseProvided);
  // No such lease can have been granted here.
  if (lease === null) throw new GrpcError(grpcCode.notFound, etcdText.leaseNotFound);
  return {
    operation: 'put',
    key: message.key,
    value: toBytes(message.value),
    lease,
    previous: message.prevKv,
    keepValue: message.ignoreValue,
    keepLease: message.ignoreLease,
  };
}

export function deleteTo(message: Message<'DeleteRangeRequest'>): Operation {
  return {
    operation: 'delete',
    ...keyRangeTo(message.key, message.rangeEnd),
    previous: message.prevKv,
  };
}

export function compareTo(message: Message<'Compare'>): Comparison {
  const range = keyRangeTo(message.key, message.rangeEnd);
  const relation = relations[message.result];
  const target = comparisonTargets[message.target];
  if (relation === undefined || target === undefined) {
    throw invalid('etcdserver: a comparison names a relation or a target that does not exist');
  }
  switch (target) {
    case 'value':
      return { ...range, relation, target, is: toBytes(message.value ?? new Uint8Array(0)) };
    case 'modifyRevision':
      return { ...range, relation, target, is: toNumber(message.modRevision ?? 0) };
    default:
      return { ...range, relation, target, is: toNumber(message[target] ?? 0) };
  }
}

/** @param room how many operations may still be nested below. */
export function transactionTo(message: Message<'TxnRequest'>, room = mostOperations): Required<Transaction> {
  const most = Math.max(message.compare.length, message.success.length, message.failure.length);
  if (most > room) throw invalid(etcdText.tooManyOperations);
  const operation = (item: Message<'RequestOp'>): Operation => operationTo(item, room - most);
  return {
    compare: message.compare.map(compareTo),
    success: message.success.map(operation),
    failure: message.failure.map(operation),
  };
}

function operationTo(message: Message<'RequestOp'>, room: number): Operation {
  if (message.requestPut) return putTo(message.requestPut);
  if (message.requestRange) return { operation: 'range', ...rangeTo(message.requestRange) };
  if (message.requestDeleteRange) return deleteTo(message.requestDeleteRange);
  if (message.requestTxn) return { operation: 'transaction', ...transactionTo(message.requestTxn, room) };
  throw invalid(etcdText.keyNotFound);
}

export function resultTo(message: Message<'ResponseOp'>): OperationResult {
  const { responsePut, responseRange, responseDeleteRange, responseTxn } = message;
  if (responsePut) {
    return { operation: 'put', previous: responsePut.prevKv ? keyValueTo(responsePut.prevKv) : null };
  }
  if (responseDeleteRange) {
    return {
      operation: 'delete',
      deleted: toNumber(responseDeleteRange.deleted),
      previous: responseDeleteRange.prevKvs.map(keyValueTo),
    };
  }
  if (responseTxn) {
    return {
      operation: 'transaction',
      succeeded: responseTxn.succeeded,
      results: responseTxn.responses.map(resultTo),
    };
  }
  return {
    operation: 'range',
    items: (responseRange?.kvs ?? []).map(keyValueTo),
    more: responseRange?.more ?? false,
    count: toNumber(responseRange?.count ?? 0),
  };
}

function invalid(text: string): GrpcError {
  return new GrpcError(grpcCode.invalidArgument, text);
}
