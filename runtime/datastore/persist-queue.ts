/**
 * Makes the core's work durable, one batch at a time: what arrives during a sync shares the next one (group commit).
 * A full disk is waited for, since nothing of the batch has been confirmed; any other failure ends the node.
 */
import type { Entry, HardState, LogIndex, Ready, SnapshotMeta } from '../raft/types.ts';
import { type Clock, pause } from './clock.ts';
import { type LogStorage, LogStorageError } from './log/log-storage.ts';

export interface PersistHandlers {
  /** A snapshot replaces the state; called before the log records it. */
  readonly installState: (meta: SnapshotMeta) => void;
  /** These are durable, in order. */
  readonly onDurable: (batch: readonly Ready[]) => void;
  /** The disk is full (true), or takes writes again (false). */
  readonly onFull: (full: boolean) => void;
  readonly onFailed: (error: unknown) => void;
}

const retryMilliseconds = 1_000;

export class PersistQueue {
  readonly #log: LogStorage;
  readonly #clock: Clock;
  readonly #handlers: PersistHandlers;
  #queue: Ready[] = [];
  #working: Promise<void> | null = null;
  #closed = false;
  #hardState: HardState | null;
  #durableIndex: LogIndex;

  /** `hardState` and `durableIndex` are what the log holds already. */
  constructor(
    log: LogStorage,
    hardState: HardState | null,
    durableIndex: LogIndex,
    clock: Clock,
    handlers: PersistHandlers,
  ) {
    this.#log = log;
    this.#clock = clock;
    this.#hardState = hardState;
    this.#durableIndex = durableIndex;
    this.#handlers = handlers;
  }

  /** The last entry that this node's own disk has. */
  get durableIndex(): LogIndex {
    return this.#durableIndex;
  }

  /** Term and vote on disk. */
  get hardState(): HardState | null {
    return this.#hardState;
  }

  push(ready: Ready): void {
    this.#queue.push(ready);
  }

  /** Works until the queue is empty; does nothing when it is at work already. */
  run(): Promise<void> {
    if (this.#queue.length > 0) this.#working ??= this.#work();
    return this.#working ?? Promise.resolve();
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#working;
  }

  /** The log was emptied: `durableIndex` is its new end, `hardState` what it kept. */
  restart(durableIndex: LogIndex, hardState: HardState | null): void {
    this.#hardState = hardState;
    this.#queue = [];
    this.#durableIndex = durableIndex;
  }

  /** Stops waiting for space. */
  close(): void {
    this.#closed = true;
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      if (!(await this.#persist(mergeReadies(batch)))) break;
      this.#handlers.onDurable(batch);
    }
    this.#working = null;
  }

  /** False when the batch could not be made durable and never will be. */
  async #persist(batch: Batch): Promise<boolean> {
    if (batch.base) this.#handlers.installState(batch.base);
    if (batch.hardState === null && batch.base === null && batch.entries.length === 0) return true;
    for (;;) {
      try {
        await this.#log.append(batch);
        this.#hardState = batch.hardState ?? this.#hardState;
        this.#durableIndex = batch.entries.at(-1)?.index ?? batch.base?.index ?? this.#durableIndex;
        this.#handlers.onFull(false);
        return true;
      } catch (error) {
        if (!(error instanceof LogStorageError) || error.code !== 'diskFull') {
          this.#handlers.onFailed(error);
          return false;
        }
        this.#handlers.onFull(true);
        if (this.#closed) return false;
        await pause(this.#clock, retryMilliseconds);
      }
    }
  }
}

interface Batch {
  readonly hardState: HardState | null;
  readonly base: SnapshotMeta | null;
  readonly entries: readonly Entry[];
}

/** One batch for the log: later entries replace earlier ones from their first index on. */
export function mergeReadies(readies: readonly Ready[]): Batch {
  let hardState: HardState | null = null;
  let base: SnapshotMeta | null = null;
  let entries: Entry[] = [];
  for (const ready of readies) {
    hardState = ready.hardState ?? hardState;
    if (ready.snapshot) {
      base = ready.snapshot;
      entries = [];
    }
    const first = ready.entries[0];
    const last = entries.at(-1);
    if (first && last && first.index <= last.index)
      entries = entries.filter((entry) => entry.index < first.index);
    entries.push(...ready.entries);
  }
  return { hardState, base, entries };
}
