/**
 * The replicated state: applies committed entries to `state.db`. Deterministic: no clock, no randomness. Entries
 * already applied are skipped, so the log may be replayed from anywhere before the applied index. What is applied is
 * seen at once by reads over `view`; `commit` writes it to the file, which may be done seldom, because the log has it.
 */
import type { Configuration, Entry, LogIndex, Term } from '../../raft/types.ts';
import { type Applied, Applier } from './applying.ts';
import type { CommandResult } from './commands.ts';
import { Hashing } from './hashing.ts';
import { StateView } from './reading.ts';
import { Sweeper } from './sweeping.ts';
import { asStateError, openForWriting, type Writer } from './tables.ts';

export type { Applied } from './applying.ts';

type DecodeConfiguration = (data: Uint8Array) => Configuration | null;

/** Uncommitted work is written at the latest when there is this much of it. */
const mostUncommittedEntries = 2_000;
const mostUncommittedBytes = 4 * 1024 * 1024;

export class StateMachine {
  readonly view: StateView;
  readonly #file: string;
  readonly #writer: Writer;
  readonly #applier: Applier;
  readonly #sweeper: Sweeper;
  /** Applied since the last commit: SQLite takes the whole transaction back when it runs out of space. */
  #uncommitted: Entry[] = [];
  #uncommittedBytes = 0;
  /** Taken back by SQLite, and to be applied again before anything else. */
  #again: Entry[] = [];
  #applied: Applied;

  /** `name` is what messages call it. */
  constructor(writer: Writer, name: string) {
    this.#file = name;
    this.#writer = writer;
    this.view = new StateView(writer);
    this.#applier = new Applier(writer, this.view);
    this.#sweeper = new Sweeper(writer, this.view);
    this.#applied = this.#readApplied();
  }

  applied(): Applied {
    return this.#applied;
  }

  /** The configuration in force at the applied index; null on a node that knows none yet. */
  configuration(): Configuration | null {
    const text = this.view.text('configuration');
    return text === null ? null : (JSON.parse(text) as Configuration);
  }

  /** For the node that starts the cluster: the configuration before the first entry. */
  setInitialConfiguration(configuration: Configuration): void {
    this.#guard(() => {
      this.#begin();
      this.#applier.setConfiguration(configuration);
    });
    this.commit();
  }

  /**
   * Applies entries in order, all or none. `decodeConfiguration` reads a configuration entry's data. Returns the
   * result of each command by its entry's index. Throws `StateError`; after 'full' the same may be tried again.
   */
  apply(entries: readonly Entry[], decodeConfiguration: DecodeConfiguration): Map<LogIndex, CommandResult> {
    this.#applyAgain(decodeConfiguration);
    const results = this.#applyAll(entries, decodeConfiguration);
    const full =
      this.#uncommitted.length >= mostUncommittedEntries || this.#uncommittedBytes >= mostUncommittedBytes;
    if (full) this.commit();
    return results;
  }

  /** Rises with every change of the leases. */
  get leaseChanges(): number {
    return this.#applier.leaseChanges;
  }

  /** Entries that were applied have been taken back: `apply` has to be called again. */
  get isBehind(): boolean {
    return this.#again.length > 0;
  }

  get hasUncommitted(): boolean {
    return this.#writer.inTransaction;
  }

  /** Writes what was applied to the file. Throws `StateError`; what was applied is then applied again by `apply`. */
  commit(): void {
    if (!this.#writer.inTransaction) return;
    this.#guard(() => {
      this.#applier.flush(this.#applied);
      this.#writer.exec('COMMIT');
    });
    this.#uncommitted = [];
    this.#uncommittedBytes = 0;
  }

  /** Removes some of what compaction has made unreadable; false when there is nothing left. Throws `StateError`. */
  sweep(mostChanges: number): boolean {
    if (this.#again.length > 0 || !this.#sweeper.isDue) return false;
    this.#guard(() => {
      this.#begin();
      this.#sweeper.step(mostChanges);
    });
    return this.#sweeper.isDue;
  }

  /** Gives free pages back to the file system; false when there are none left. Throws `StateError`. */
  releasePages(most: number): boolean {
    this.commit();
    this.#guard(() => this.#writer.pragma(`incremental_vacuum(${most})`));
    return Number(this.#writer.pragma('freelist_count', { simple: true })) > 0;
  }

  /** A checksum of what can be read up to a revision that is kept. */
  hashing(revision: number): Hashing {
    return new Hashing(this.#writer, this.view, revision);
  }

  /** The whole database as bytes, as it is after the last commit. */
  serialize(): Buffer {
    this.commit();
    const bytes = this.#writer.serialize();
    // Bytes 18 and 19 of the header say that there is a write-ahead log beside it; a copy has none.
    return bytes.fill(1, 18, 20);
  }

  /** Commits what can be committed; what cannot is applied again from the log at the next start. */
  close(): void {
    try {
      this.commit();
    } catch {
      // The log has it all.
    }
    this.#writer.close();
  }

  #applyAll(
    entries: readonly Entry[],
    decodeConfiguration: DecodeConfiguration,
  ): Map<LogIndex, CommandResult> {
    const results = new Map<LogIndex, CommandResult>();
    const fresh = entries.filter((entry) => entry.index > this.#applied.index);
    const last = fresh.at(-1);
    if (last === undefined) return results;
    this.#guard(() => {
      this.#begin();
      for (const entry of fresh) {
        const result = this.#applier.apply(entry, decodeConfiguration);
        if (result !== null) results.set(entry.index, result);
      }
    });
    this.#uncommitted.push(...fresh);
    for (const { data } of fresh) this.#uncommittedBytes += data.length;
    this.#applied = { index: last.index, term: last.term };
    return results;
  }

  #applyAgain(decodeConfiguration: DecodeConfiguration): void {
    if (this.#again.length === 0) return;
    const entries = this.#again;
    this.#applyAll(entries, decodeConfiguration);
    this.#again = [];
  }

  #begin(): void {
    if (!this.#writer.inTransaction) this.#writer.exec('BEGIN IMMEDIATE');
  }

  /** A failure takes back everything since the last commit, so that no half of a batch stays. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#takeBack();
      throw asStateError(error, this.#file);
    }
  }

  #takeBack(): void {
    if (this.#writer.inTransaction) this.#writer.exec('ROLLBACK');
    this.#again = [
      ...this.#uncommitted,
      ...this.#again.filter((entry) => !this.#uncommitted.includes(entry)),
    ];
    this.#uncommitted = [];
    this.#uncommittedBytes = 0;
    this.#applier.reload();
    this.#sweeper.reload();
    this.#applied = this.#readApplied();
  }

  #readApplied(): Applied {
    return {
      index: this.view.number('appliedIndex') as LogIndex,
      term: this.view.number('appliedTerm') as Term,
    };
  }
}

/** Opens or creates the state; ':memory:' and a Buffer live in memory. Throws `StateError`. */
export function openStateMachine(file: string | Buffer): StateMachine {
  const name = typeof file === 'string' ? file : 'the state in memory';
  try {
    return new StateMachine(openForWriting(file), name);
  } catch (error) {
    throw asStateError(error, name);
  }
}
