/**
 * What the leader knows of one follower's log, and how much it may send it. `probe` looks for the place
 * where the logs agree, one message at a time; `replicate` sends ahead of the answers, up to a window;
 * `snapshot` waits for the driver, as the entries the follower needs are compacted away.
 */
import type { LogIndex, NodeId, Progress } from './types.ts';
import { NO_INDEX, toIndex } from './units.ts';

export class FollowerProgress {
  readonly id: NodeId;
  /** Names the present replication stream. Answers to an earlier one prove nothing: a member removed and
   * re-added within a term would be credited with entries it no longer has. */
  session: number;
  state: Progress['state'] = 'probe';
  match: LogIndex = NO_INDEX;
  next: LogIndex;
  silentTicks = 0;
  /** Probing: one message is out, and nothing is sent until an answer or a heartbeat's answer comes. */
  waiting = false;
  /** Replicating: ask the follower whether it has all that was sent; a message or its disk may have lost it. */
  verify = false;
  /** The highest commit index it has been sent, together with an append. */
  commitSent: LogIndex = NO_INDEX;
  /** The newest read-index round it has confirmed. */
  readRound = 0;
  /** From the wish for a snapshot until it is in place: entries after this one are kept, to go on with. */
  keepAfter: LogIndex | null = null;
  /** Each message on its way: its last index and the weight of its entries; oldest first. */
  #inflight: { readonly lastIndex: LogIndex; readonly bytes: number }[] = [];
  #inflightBytes = 0;

  constructor(id: NodeId, session: number, next: LogIndex) {
    this.id = id;
    this.session = session;
    this.next = next;
  }

  get inflight(): number {
    return this.#inflight.length;
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  sent(lastIndex: LogIndex, bytes: number): void {
    this.#inflight.push({ lastIndex, bytes });
    this.#inflightBytes += bytes;
    this.next = toIndex(lastIndex + 1);
  }

  /** The follower has everything up to here. */
  matched(index: LogIndex): void {
    if (index > this.match) this.match = index;
    if (this.next <= index) this.next = toIndex(index + 1);
    while (this.#inflight.length > 0 && this.#inflight[0]!.lastIndex <= index) {
      this.#inflightBytes -= this.#inflight.shift()!.bytes;
    }
    this.waiting = false;
  }

  becomeProbe(next: LogIndex): void {
    this.#enter('probe');
    this.next = next > this.match ? next : toIndex(this.match + 1);
  }

  becomeReplicate(): void {
    this.#enter('replicate');
    this.keepAfter = null;
    this.next = toIndex(this.match + 1);
  }

  becomeSnapshot(session: number, keepAfter: LogIndex): void {
    this.#enter('snapshot');
    this.session = session;
    this.keepAfter = keepAfter;
  }

  /** The follower has lost entries it once had: believe it, and trust no answer from before. */
  regress(session: number, match: LogIndex): void {
    this.match = match;
    this.session = session;
    this.becomeProbe(toIndex(match + 1));
  }

  describe(): Progress {
    const { id, match, next, state, silentTicks } = this;
    return { id, match, next, state, silentTicks };
  }

  #enter(state: Progress['state']): void {
    this.state = state;
    this.#inflight = [];
    this.#inflightBytes = 0;
    this.waiting = false;
    this.verify = false;
  }
}
