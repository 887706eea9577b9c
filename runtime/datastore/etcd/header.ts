/** The header of every answer: which cluster, which member, which term; and the revision the answer belongs to. */
import type { Clock } from '../clock.ts';
import type { Store, StoreStatus } from '../store.ts';
import type { Draft } from './messages.ts';
import { fromHexId, type Long } from './numbers.ts';

/** How old the term in a header may be. Clients only look at it to tell that something changed. */
const freshMilliseconds = 1_000;
const unknown: Long = { low: 0, high: 0, unsigned: true };

export class HeaderSource {
  readonly #store: Store;
  readonly #clock: Clock;
  #clusterId = unknown;
  #memberId = unknown;
  #raftTerm = 0;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Never waits: the identity is asked for in the background, and only while somebody wants headers. */
  header(revision: number): Draft<'ResponseHeader'> {
    const now = this.#clock.now();
    if (now - this.#askedAt > freshMilliseconds) {
      this.#askedAt = now;
      this.refresh().catch(() => {});
    }
    return {
      clusterId: this.#clusterId,
      memberId: this.#memberId,
      revision,
      raftTerm: this.#raftTerm,
    };
  }

  /** Asks the store who it is; also what `Status` answers with. */
  async refresh(): Promise<StoreStatus> {
    const status = await this.#store.status();
    this.#askedAt = this.#clock.now();
    this.#clusterId = fromHexId(status.clusterId);
    this.#memberId = fromHexId(status.memberId);
    this.#raftTerm = status.raftTerm;
    return status;
  }

  /** With the store's newest revision, for answers that have none of their own. */
  async newest(): Promise<Draft<'ResponseHeader'>> {
    const status = await this.refresh();
    return this.header(status.revision);
  }
}
