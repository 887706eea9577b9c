/** Our model in etcd's messages: what a client sends to an etcd, and what a server of ours answers. */
import {
  type Change,
  type Comparison,
  everyKeyEnd,
  type KeyRange,
  type KeyValue,
  type Operation,
  type OperationResult,
  type RangeQuery,
  type SortTarget,
} from '../state-machine/model.ts';
import type { Draft } from './messages.ts';

/** etcd's own numbers. */
export const sortTargets: readonly SortTarget[] = [
  'key',
  'version',
  'createRevision',
  'modifyRevision',
  'value',
];
export const relations = ['equal', 'greater', 'less', 'notEqual'] as const;
export const comparisonTargets = ['version', 'createRevision', 'modifyRevision', 'value', 'lease'] as const;
export const sortOrder = { none: 0, ascending: 1, descending: 2 } as const;

/** What etcd understands as "every key from here on". */
export const openEnd = Uint8Array.of(0);

export function keyValueFrom(item: KeyValue): Draft<'KeyValue'> {
  return {
    key: item.key,
    createRevision: item.createRevision,
    modRevision: item.modifyRevision,
    version: item.version,
    value: item.value,
    lease: item.lease,
  };
}

export function eventFrom(change: Change): Draft<'Event'> {
  return {
    type: change.type === 'put' ? 0 : 1,
    kv: keyValueFrom(change),
    prevKv: change.previous ? keyValueFrom(change.previous) : null,
  };
}

/** The end of a range; ours for "no end" is a key beyond all others, etcd's is a zero byte. */
export function rangeEndFrom(range: KeyRange): Uint8Array | undefined {
  if (range.end === undefined) return undefined;
  const isOpen = range.end.length === everyKeyEnd.length && range.end.every((byte) => byte === 0xff);
  return isOpen ? openEnd : range.end;
}

export function rangeFrom(query: RangeQuery, serializable: boolean): Draft<'RangeRequest'> {
  return {
    key: query.key,
    rangeEnd: rangeEndFrom(query),
    limit: query.limit,
    revision: query.revision,
    sortOrder: query.sort ? (query.sort.descending ? sortOrder.descending : sortOrder.ascending) : 0,
    sortTarget: query.sort ? sortTargets.indexOf(query.sort.by) : 0,
    serializable,
    keysOnly: query.keysOnly,
    countOnly: query.countOnly,
    minModRevision: query.leastModifyRevision,
    maxModRevision: query.mostModifyRevision,
    minCreateRevision: query.leastCreateRevision,
    maxCreateRevision: query.mostCreateRevision,
  };
}

export function compareFrom(comparison: Comparison): Draft<'Compare'> {
  return {
    key: comparison.key,
    rangeEnd: rangeEndFrom(comparison),
    result: relations.indexOf(comparison.relation ?? 'equal'),
    target: comparisonTargets.indexOf(comparison.target),
    [comparison.target === 'modifyRevision' ? 'modRevision' : comparison.target]: comparison.is,
  };
}

export function operationFrom(operation: Operation): Draft<'RequestOp'> {
  switch (operation.operation) {
    case 'put':
      return {
        requestPut: {
          key: operation.key,
          value: operation.value,
          lease: operation.lease,
          prevKv: operation.previous,
          ignoreValue: operation.keepValue,
          ignoreLease: operation.keepLease,
        },
      };
    case 'delete':
      return {
        requestDeleteRange: {
          key: operation.key,
          rangeEnd: rangeEndFrom(operation),
          prevKv: operation.previous,
        },
      };
    case 'range':
      return { requestRange: rangeFrom(operation, false) };
    case 'transaction':
      return { requestTxn: transactionFrom(operation) };
  }
}

export function transactionFrom(transaction: {
  readonly compare?: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}): Draft<'TxnRequest'> {
  return {
    compare: (transaction.compare ?? []).map(compareFrom),
    success: transaction.success.map(operationFrom),
    failure: (transaction.failure ?? []).map(operationFrom),
  };
}

/** Results inside a transaction have a header with nothing but the revision, as etcd's have. */
export function resultFrom(result: OperationResult, revision: number): Draft<'ResponseOp'> {
  const header = { revision };
  switch (result.operation) {
    case 'put':
      return { responsePut: { header, prevKv: result.previous ? keyValueFrom(result.previous) : null } };
    case 'delete':
      return {
        responseDeleteRange: {
          header,
          deleted: result.deleted,
          prevKvs: result.previous.map(keyValueFrom),
        },
      };
    case 'range':
      return {
        responseRange: {
          header,
          kvs: result.items.map(keyValueFrom),
          more: result.more,
          count: result.count,
        },
      };
    case 'transaction':
      return {
        responseTxn: {
          header,
          succeeded: result.succeeded,
          responses: result.results.map((inner) => resultFrom(inner, revision)),
        },
      };
  }
}
