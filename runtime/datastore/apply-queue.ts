/**
 * Applies committed entries to the state, once they are durable on this node too, so that the state is never ahead of
 * the log. On a full disk it tries again until there is space: the log has the entries.
 */
import { decodeConfiguration } from '../raft/configuration.ts';
import type { Entry, LogIndex, SnapshotMeta } from '../raft/types.ts';
import type { Cancel, Clock } from './clock.ts';
import type { CommandResult } from './state-machine/commands.ts';
import type { StateMachine } from './state-machine/state-machine.ts';
import { StateError } from './state-machine/tables.ts';
import type { StateStorage } from './state-storage.ts';

export interface ApplyQueueOptions {
  readonly state: StateStorage;
  readonly clock: Clock;
  /** The last entry that this node's own disk has. */
  readonly durableIndex: () => LogIndex;
  /** Entries were applied, with their results. */
  readonly onApplied: (entries: readonly Entry[], results: ReadonlyMap<LogIndex, CommandResult>) => void;
  /** The disk is full (true), or takes changes again (false). */
  readonly onFull: (full: boolean) => void;
  /** The state cannot be written for another reason: the node cannot go on. */
  readonly onFailed: (error: unknown) => void;
}

const retryMilliseconds = 1_000;
const commitMilliseconds = 100;

export class ApplyQueue {
  readonly #options: ApplyQueueOptions;
  #machine: StateMachine;
  #toApply: Entry[] = [];
  #cancelRetry: Cancel | null = null;
  #cancelCommit: Cancel | null = null;
  #closed = false;

  constructor(machine: StateMachine, options: ApplyQueueOptions) {
    this.#machine = machine;
    this.#options = options;
  }

  get machine(): StateMachine {
    return this.#machine;
  }

  /** Entries are committed; they wait until they are durable here. */
  push(entries: readonly Entry[]): void {
    this.#toApply.push(...entries);
  }

  apply(): void {
    if (this.#cancelRetry !== null || this.#closed) return;
    const durable = this.#options.durableIndex();
    const count = this.#toApply.findIndex((entry) => entry.index > durable);
    const entries = count < 0 ? this.#toApply : this.#toApply.slice(0, count);
    if (entries.length === 0 && !this.#machine.isBehind) return;
    try {
      const results = this.#machine.apply(entries, decodeConfiguration);
      this.#toApply = this.#toApply.slice(entries.length);
      this.#options.onFull(false);
      this.#options.onApplied(entries, results);
      if (this.#machine.hasUncommitted) this.#commitSoon();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Commits what was applied to the state's file; otherwise that happens soon by itself. */
  commit(): void {
    this.#cancelCommit?.();
    this.#cancelCommit = null;
    if (this.#closed) return;
    try {
      this.#machine.commit();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Whether the state's file has everything that was applied. */
  get isCommitted(): boolean {
    return !this.#machine.hasUncommitted && !this.#machine.isBehind;
  }

  /** Puts the state that a snapshot brought in the place of ours. */
  install(meta: SnapshotMeta): void {
    this.#machine.close();
    this.#options.state.finishReplacing();
    this.#machine = this.#options.state.open();
    this.#toApply = this.#toApply.filter((entry) => entry.index > meta.index);
  }

  /** Forgets the state and begins with an empty one. */
  clear(): void {
    this.#machine.close();
    this.#options.state.remove();
    this.#machine = this.#options.state.open();
    this.#toApply = [];
  }

  /** Nothing is applied any more; the state is still open. */
  stop(): void {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#cancelCommit?.();
  }

  /** Commits to the state's file are few, to spare the disk: the log has everything already. */
  #commitSoon(): void {
    this.#cancelCommit ??= this.#options.clock.after(commitMilliseconds, () => this.commit());
  }

  #failed(error: unknown): void {
    if (!(error instanceof StateError) || error.code !== 'full') {
      this.#options.onFailed(error);
      return;
    }
    this.#options.onFull(true);
    this.#cancelRetry ??= this.#options.clock.after(retryMilliseconds, () => {
      this.#cancelRetry = null;
      this.apply();
    });
  }
}
