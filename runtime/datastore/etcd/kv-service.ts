/** etcd's KV service over a store: range, put, delete, transaction, compaction. */
import type { Store } from '../store.ts';
import { keyValueFrom, resultFrom } from './from-model.ts';
import type { HeaderSource } from './header.ts';
import { codec, type Message } from './messages.ts';
import { toNumber } from './numbers.ts';
import { hideOwnKeys, hideOwnKeysInOperation, hideOwnKeysInTransaction } from './own-keys.ts';
import { encodeRangeAnswer, type RangeAnswer } from './range-answer.ts';
import { type UnaryMethod, unary } from './rpc-server.ts';
import { etcdText, GrpcError, grpcCode } from './status.ts';
import { deleteTo, putTo, rangeTo, transactionTo } from './to-model.ts';

export function kvService(store: Store, headers: HeaderSource): readonly (readonly [string, UnaryMethod])[] {
  return [
    [
      'KV/Range',
      {
        kind: 'unary',
        decode: codec('RangeRequest').decode,
        encodeFramed: encodeRangeAnswer,
        async handle(request: Message<'RangeRequest'>): Promise<RangeAnswer> {
          const { revision, ...found } = await store.range(hideOwnKeys(rangeTo(request)), request);
          return { header: headers.header(revision), ...found };
        },
      },
    ],
    [
      'KV/Put',
      unary(codec('PutRequest'), codec('PutResponse'), async (request) => {
        const result = await store.transact({ success: [hideOwnKeysInOperation(putTo(request))] });
        const put = result.results[0];
        const previous = put?.operation === 'put' ? put.previous : null;
        return {
          header: headers.header(result.revision),
          prevKv: previous ? keyValueFrom(previous) : null,
        };
      }),
    ],
    [
      'KV/DeleteRange',
      unary(codec('DeleteRangeRequest'), codec('DeleteRangeResponse'), async (request) => {
        const result = await store.transact({ success: [hideOwnKeysInOperation(deleteTo(request))] });
        const removed = result.results[0];
        const header = headers.header(result.revision);
        if (removed?.operation !== 'delete') return { header };
        return { header, deleted: removed.deleted, prevKvs: removed.previous.map(keyValueFrom) };
      }),
    ],
    [
      'KV/Txn',
      unary(codec('TxnRequest'), codec('TxnResponse'), async (request) => {
        const result = await store.transact(hideOwnKeysInTransaction(transactionTo(request)));
        return {
          header: headers.header(result.revision),
          succeeded: result.succeeded,
          responses: result.results.map((item) => resultFrom(item, result.revision)),
        };
      }),
    ],
    [
      'KV/Compact',
      unary(codec('CompactionRequest'), codec('HeaderResponse'), async (request) => {
        const revision = toNumber(request.revision);
        // etcd has nothing below its first revision either, and says so in these words.
        if (revision <= 0) throw new GrpcError(grpcCode.outOfRange, etcdText.compacted);
        return { header: headers.header((await store.compact(revision)).revision) };
      }),
    ],
  ];
}
