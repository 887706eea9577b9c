/**
 * `Store` on an external etcd cluster, for those who run one already or outgrow the embedded store. What differs from
 * it is said where it does: a write whose answer is lost is never repeated, but reported as 'unavailable'.
 */
import type { Surroundings } from '../clock.ts';
import type { RangeQuery } from '../state-machine/model.ts';
import {
  type Alarm,
  type LeaseInfo,
  type RangeResult,
  type ReadOptions,
  type Store,
  StoreError,
  type StoreStatus,
  type Transaction,
  type TransactionResult,
  type WatchHandlers,
  type WatchRequest,
} from '../store.ts';
import { EtcdClient, type EtcdTlsFiles, method } from './etcd-client.ts';
import { EtcdLeases } from './etcd-leases.ts';
import { EtcdMaintenance } from './etcd-maintenance.ts';
import { watchEtcd } from './etcd-watch.ts';
import { rangeFrom, transactionFrom } from './from-model.ts';
import { refuseNonsense } from './limits.ts';
import { toNumber } from './numbers.ts';
import { keyValueTo, resultTo } from './to-model.ts';

export interface EtcdStoreOptions {
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTlsFiles | undefined;
  readonly surroundings: Surroundings;
  readonly limitMilliseconds?: number;
}

const rangeMethod = method('KV/Range', 'RangeRequest', 'RangeResponse');
const transactionMethod = method('KV/Txn', 'TxnRequest', 'TxnResponse');
const compactMethod = method('KV/Compact', 'CompactionRequest', 'HeaderResponse');
/** Any single key will do to learn the store's revision. */
const probe: RangeQuery = { key: Uint8Array.of(1), countOnly: true };

export class EtcdStore implements Store {
  readonly #client: EtcdClient;
  readonly #leases: EtcdLeases;
  readonly #maintenance: EtcdMaintenance;
  readonly #surroundings: Surroundings;
  /** Aborts with the store, and every watch with it. */
  readonly #closing = new AbortController();

  constructor(options: EtcdStoreOptions) {
    this.#surroundings = options.surroundings;
    this.#client = new EtcdClient({
      endpoints: options.endpoints,
      tls: options.tls,
      clock: options.surroundings.clock,
      ...(options.limitMilliseconds === undefined ? {} : { limitMilliseconds: options.limitMilliseconds }),
    });
    this.#leases = new EtcdLeases(this.#client, options.surroundings.random);
    this.#maintenance = new EtcdMaintenance(this.#client);
  }

  async range(query: RangeQuery, options: ReadOptions = {}): Promise<RangeResult> {
    refuseNonsense.range(query);
    const request = rangeFrom(query, options.serializable === true);
    const answer = await this.#explained(this.#client.call(rangeMethod, request, true));
    return {
      revision: toNumber(answer.header!.revision),
      items: answer.kvs.map(keyValueTo),
      more: answer.more,
      count: toNumber(answer.count),
    };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    refuseNonsense.transaction(transaction);
    const operations = [...transaction.success, ...(transaction.failure ?? [])];
    const onlyReads = operations.every((operation) => operation.operation === 'range');
    const answer = await this.#explained(
      this.#client.call(transactionMethod, transactionFrom(transaction), onlyReads),
    );
    return {
      revision: toNumber(answer.header!.revision),
      succeeded: answer.succeeded,
      results: answer.responses.map(resultTo),
    };
  }

  async compact(revision: number): Promise<{ readonly revision: number }> {
    refuseNonsense.revision(revision);
    const answer = await this.#explained(
      this.#client.call(compactMethod, { revision, physical: true }, false),
    );
    return { revision: toNumber(answer.header!.revision) };
  }

  watch(request: WatchRequest, handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    return Promise.resolve()
      .then(() => refuseNonsense.watch(request))
      .then(() => watchEtcd(this.#client, this.#surroundings.clock, request, handlers, either));
  }

  grantLease(id: number, seconds: number): Promise<{ readonly id: number; readonly seconds: number }> {
    return this.#leases.grant(id, seconds);
  }

  revokeLease(id: number): Promise<{ readonly revision: number }> {
    return this.#leases.revoke(id);
  }

  keepLeaseAlive(id: number): Promise<number> {
    return this.#leases.keepAlive(id);
  }

  lease(id: number, withKeys: boolean): Promise<LeaseInfo> {
    return this.#leases.info(id, withKeys);
  }

  leases(): Promise<readonly number[]> {
    return this.#leases.list();
  }

  status(): Promise<StoreStatus> {
    return this.#maintenance.status();
  }

  disarm(alarm: Alarm): Promise<void> {
    return this.#maintenance.disarm(alarm);
  }

  defragment(): Promise<void> {
    return this.#maintenance.defragment();
  }

  hash(revision: number): ReturnType<Store['hash']> {
    return this.#explained(this.#maintenance.hash(revision));
  }

  snapshot(onPiece: (piece: Uint8Array, remainingBytes: number) => Promise<void>): Promise<void> {
    return this.#maintenance.snapshot(onPiece);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#client.close();
  }

  /** etcd's refusals do not say which revision would do; it is asked for, once, when one is met. */
  async #explained<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === 'compacted') throw await this.#compactedError();
      if (error.code === 'future') {
        const { revision } = await this.range(probe);
        throw new StoreError('future', `the revision is of the future; the newest is ${revision}`, revision);
      }
      throw error;
    }
  }

  /** A watch from the first revision is refused with the oldest one that is kept. */
  async #compactedError(): Promise<StoreError> {
    const enough = new AbortController();
    const handlers = { onStarted: () => {}, onBatch: () => enough.abort() };
    try {
      await this.watch({ key: probe.key, startRevision: 1 }, handlers, enough.signal);
    } catch (error) {
      if (error instanceof StoreError) return error;
    }
    return new StoreError('compacted', 'the revision is compacted');
  }
}
