/**
 * Who is there, as the leader sees it. A replica is judged by consensus, whose messages it must answer all the time, and
 * by whether a connection to it can be made; a spare by its reports. Time is handed in.
 */
import type { NodeId, RaftStatus } from '../raft/types.ts';
import { offlineMilliseconds, type ReportBook } from './reports.ts';

/** Online for so long, a node is steady: not one that comes and goes. */
const steadyMilliseconds = 10_000;

export interface LivenessOptions {
  readonly self: NodeId;
  /** Of the consensus core. */
  readonly tickMilliseconds: number;
  /** The present election timeout, which follows the machine. */
  readonly electionMilliseconds: () => number;
  /** For how long no connection to a node could be made; null when there is one, or none was tried. */
  readonly unreachableMilliseconds: (id: NodeId) => number | null;
}

export class Liveness {
  readonly #options: LivenessOptions;
  readonly #book: ReportBook;
  readonly #onlineSince = new Map<NodeId, number>();
  #leadingSince: number | null = null;

  constructor(options: LivenessOptions, book: ReportBook) {
    this.#options = options;
    this.#book = book;
  }

  /** To be called in every round of the leader, and with `status` null when this node does not lead. */
  update(ids: readonly NodeId[], status: RaftStatus | null, now: number): void {
    if (status === null) {
      this.#leadingSince = null;
      this.#onlineSince.clear();
      return;
    }
    this.#leadingSince ??= now;
    for (const id of ids) {
      if (!this.isOnline(id, status, now)) this.#onlineSince.delete(id);
      else if (!this.#onlineSince.has(id)) this.#onlineSince.set(id, now);
    }
  }

  /** Whether the leader has heard of the node lately and takes it to be there. */
  isOnline(id: NodeId, status: RaftStatus, now: number): boolean {
    if (id === this.#options.self) return true;
    const isReported = this.#book.isFresh(id, now);
    const progress = status.progress.find((each) => each.id === id);
    if (progress === undefined) return isReported;
    return !this.isLost(id, status, now) && (isReported || progress.match > 0);
  }

  /**
   * Whether the node's seat should go to another. A new leader has heard of nobody yet, and nobody is lost before there
   * was time to speak: consensus counts its silence from when the leader began to lead.
   */
  isLost(id: NodeId, status: RaftStatus, now: number): boolean {
    const { self, tickMilliseconds, unreachableMilliseconds } = this.#options;
    const electionMilliseconds = this.#options.electionMilliseconds();
    if (id === self) return false;
    const progress = status.progress.find((each) => each.id === id);
    if (progress === undefined) {
      const leadingFor = now - (this.#leadingSince ?? now);
      return leadingFor >= offlineMilliseconds && !this.#book.isFresh(id, now);
    }
    const silence = progress.silentTicks * tickMilliseconds;
    if (silence >= 2 * electionMilliseconds) return true;
    // A process that was killed refuses connections at once. The silence may have begun under the leader before this one.
    const isSilent = silence >= electionMilliseconds || progress.match === 0;
    return isSilent && (unreachableMilliseconds(id) ?? 0) >= electionMilliseconds;
  }

  /** Whether this node leads for so short a time that it cannot have heard from everybody. */
  isNew(now: number): boolean {
    return now - (this.#leadingSince ?? now) < 2 * this.#options.electionMilliseconds();
  }

  isSteady(id: NodeId, now: number): boolean {
    const since = this.#onlineSince.get(id);
    return since !== undefined && now - since >= steadyMilliseconds;
  }
}
