/**
 * Bounds the log on disk and in memory: once the state is durable by itself, entries far behind are needed by nobody.
 * How many are kept is bounded by their number and by their weight, since a value may have a mebibyte.
 */
import type { Raft } from '../raft/raft.ts';
import type { LogIndex } from '../raft/types.ts';
import type { LogStorage } from './log/log-storage.ts';

export interface CompactionBounds {
  /** Entries kept behind the applied index, so that a node that was away a short time needs no snapshot. */
  readonly keepEntries: number;
  /** Entries applied before the log is compacted again. */
  readonly compactEvery: number;
  /** Bytes of entries that make a compaction due, whatever their number; half of them are kept. */
  readonly keepBytes: number;
}

export interface CompactionParts {
  readonly raft: () => Raft;
  readonly log: LogStorage;
  /** True when everything applied before the call survives a power cut in the state itself. */
  readonly checkpoint: () => Promise<boolean>;
  readonly bounds: CompactionBounds;
  readonly onFailed: (error: unknown) => void;
}

export class LogCompaction {
  readonly #parts: CompactionParts;
  #working: Promise<void> | null = null;
  /** Where an attempt that gained nothing stood: a checkpoint costs a sync, so the next one waits for news. */
  #inVain = { applied: 0, bytes: 0 };

  constructor(parts: CompactionParts) {
    this.#parts = parts;
  }

  /** Looks whether it is time; call it when something was applied. */
  consider(applied: LogIndex): void {
    if (this.#working === null && this.#isDue(applied)) this.#working = this.#compact(applied);
  }

  /** Resolves when none is under way. */
  async settled(): Promise<void> {
    await this.#working;
  }

  #isDue(applied: LogIndex): boolean {
    const { keepEntries, compactEvery, keepBytes } = this.#parts.bounds;
    const { firstIndex, logBytes } = this.#parts.raft().status();
    const tooMany = applied - firstIndex >= keepEntries + compactEvery;
    const isNews =
      applied - this.#inVain.applied >= compactEvery || logBytes - this.#inVain.bytes >= keepBytes / 4;
    return (tooMany || logBytes > keepBytes) && isNews;
  }

  async #compact(applied: LogIndex): Promise<void> {
    const { raft, log, checkpoint, onFailed } = this.#parts;
    const core = raft();
    const before = core.status().firstIndex;
    try {
      // The node may have let go of its log meanwhile and have another core.
      if ((await checkpoint()) && raft() === core) await log.compact(core.compact(this.#target(applied)));
    } catch (error) {
      onFailed(error);
    }
    const { firstIndex, logBytes } = core.status();
    this.#inVain = firstIndex === before ? { applied, bytes: logBytes } : { applied: 0, bytes: 0 };
    this.#working = null;
  }

  #target(applied: LogIndex): LogIndex {
    const { keepEntries, keepBytes } = this.#parts.bounds;
    const core = this.#parts.raft();
    const byWeight = core.status().logBytes > keepBytes ? core.lowestBaseFor(keepBytes / 2) : 0;
    return Math.min(applied, Math.max(applied - keepEntries, byWeight)) as LogIndex;
  }
}
