/**
 * The replicated store of this node, over a `StoreCore` on this thread or another: checks requests before they cost
 * anything, reads ranges page by page, and feeds watches.
 */
import {
  type CommandBody,
  type CommandResult,
  findProblem,
  findQueryProblem,
} from './state-machine/commands.ts';
import type { KeyValue, RangeQuery } from './state-machine/model.ts';
import { isPlain, needsValues, selectItems } from './state-machine/range-query.ts';
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
} from './store.ts';
import type { CorePage, StoreCore } from './store-core.ts';
import { WatchHub } from './watch-hub.ts';

const mostItemsInAPage = 256;
/** Chosen lease ids are below 2^48, so that they are exact in every client. */
const leaseIdLimit = 2 ** 48;

export class EmbeddedStore implements Store {
  readonly #core: StoreCore;
  readonly #random: () => number;
  readonly #hub: WatchHub;

  constructor(core: StoreCore, random: () => number) {
    this.#core = core;
    this.#random = random;
    this.#hub = new WatchHub(core);
  }

  async range(query: RangeQuery, options: ReadOptions = {}): Promise<RangeResult> {
    const problem = findQueryProblem(query);
    if (problem !== null) throw new StoreError(problem.code, problem.text);
    const serializable = options.serializable === true;
    if (query.countOnly) return this.#countOnly(query, serializable);
    const limit = query.limit ?? 0;
    // One more than asked for tells whether there are more.
    const most = isPlain(query) && limit > 0 ? limit + 1 : Number.POSITIVE_INFINITY;
    const { items, revision, count } = await this.#readPages(query, most, serializable);
    return { revision, ...selectItems(query, items, count) };
  }

  async transact(transaction: Transaction): Promise<TransactionResult> {
    const { compare = [], success, failure = [] } = transaction;
    const result = await this.#execute({ kind: 'transaction', compare, success, failure });
    if (result.kind !== 'transaction')
      throw new StoreError('unavailable', 'the answer is of another request');
    return { revision: result.revision, succeeded: result.succeeded, results: result.results };
  }

  async compact(revision: number): Promise<{ readonly revision: number }> {
    return { revision: (await this.#execute({ kind: 'compact', revision })).revision };
  }

  watch(request: WatchRequest, handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    const problem = findQueryProblem({ key: request.key, end: request.end, revision: request.startRevision });
    if (problem !== null) return Promise.reject(new StoreError(problem.code, problem.text));
    if (request.end !== undefined && Buffer.compare(request.key, request.end) >= 0)
      return Promise.reject(
        new StoreError('invalid', 'the range to watch is empty: its end is not after its key'),
      );
    return this.#hub.watch(request, handlers, signal);
  }

  async grantLease(id: number, seconds: number): Promise<{ readonly id: number; readonly seconds: number }> {
    const lease = id === 0 ? 1 + Math.floor(this.#random() * (leaseIdLimit - 1)) : id;
    await this.#execute({ kind: 'grantLease', lease, seconds });
    return { id: lease, seconds };
  }

  async revokeLease(id: number): Promise<{ readonly revision: number }> {
    return { revision: (await this.#execute({ kind: 'revokeLease', lease: id, granted: 0 })).revision };
  }

  keepLeaseAlive(id: number): Promise<number> {
    return this.#core.keepLeaseAlive(id);
  }

  lease(id: number, withKeys: boolean): Promise<LeaseInfo> {
    return this.#core.lease(id, withKeys);
  }

  leases(): Promise<readonly number[]> {
    return this.#core.leases();
  }

  status(): Promise<StoreStatus> {
    return this.#core.status();
  }

  disarm(alarm: Alarm): Promise<void> {
    return this.#core.disarm(alarm);
  }

  defragment(): Promise<void> {
    return this.#core.defragment();
  }

  hash(revision: number): ReturnType<Store['hash']> {
    return this.#core.hash(revision);
  }

  async snapshot(onPiece: (piece: Uint8Array, remainingBytes: number) => Promise<void>): Promise<void> {
    const { id, sizeBytes } = await this.#core.openSnapshot();
    try {
      for (let offset = 0; offset < sizeBytes; ) {
        const piece = await this.#core.snapshotPiece(id, offset);
        if (piece.length === 0) throw new StoreError('unavailable', 'the snapshot ended too early');
        offset += piece.length;
        await onPiece(piece, sizeBytes - offset);
      }
    } finally {
      await this.#core.closeSnapshot(id);
    }
  }

  async close(): Promise<void> {}

  async #execute(body: CommandBody): Promise<CommandResult> {
    const problem = findProblem(body);
    if (problem !== null) throw new StoreError(problem.code, problem.text);
    const result = await this.#core.execute(body);
    if (result.kind !== 'refused') return result;
    if (result.code === 'sessionExpired') throw new StoreError('unavailable', result.reason);
    throw new StoreError(result.code, result.reason, result.at > 0 ? result.at : undefined);
  }

  async #countOnly(query: RangeQuery, serializable: boolean): Promise<RangeResult> {
    const { key, end, revision = 0 } = query;
    const page = checked(
      await this.#core.page({ key, end, revision, mostItems: 0, keysOnly: true, serializable, count: true }),
    );
    return { revision: page.revision, items: [], more: false, count: page.count ?? 0 };
  }

  /** Every page at the revision of the first: a range is one state, however long reading it takes. */
  async #readPages(
    query: RangeQuery,
    most: number,
    serializable: boolean,
  ): Promise<{ readonly items: KeyValue[]; readonly revision: number; readonly count: number }> {
    const { key, end } = query;
    const keysOnly = !needsValues(query);
    const count = most !== Number.POSITIVE_INFINITY;
    const first = checked(
      await this.#core.page({
        ...{ key, end, revision: query.revision ?? 0, mostItems: Math.min(most, mostItemsInAPage) },
        ...{ keysOnly, serializable, count },
      }),
    );
    const items = [...first.items];
    let { next } = first;
    while (next !== null && items.length < most) {
      const mostItems = Math.min(most - items.length, mostItemsInAPage);
      const page = checked(
        await this.#core.page({
          ...{ key: next, end, revision: first.readAt, mostItems, keysOnly },
          ...{ serializable: true, count: false },
        }),
      );
      items.push(...page.items);
      next = page.next;
    }
    return { items, revision: first.revision, count: first.count ?? items.length };
  }
}

function checked(page: CorePage): Extract<CorePage, { kind: 'page' }> {
  switch (page.kind) {
    case 'page':
      return page;
    case 'compacted': {
      const text = `the revision is compacted; the oldest that can be read is ${page.oldest}`;
      throw new StoreError('compacted', text, page.oldest);
    }
    case 'future': {
      const text = `the revision is in the future; the newest is ${page.revision}`;
      throw new StoreError('future', text, page.revision);
    }
  }
}
