/**
 * The replicated state: applies committed entries to `state.db`. Deterministic: no clock, no randomness, the
 * same entries give the same tables on every replica. Entries already applied are skipped, so the log may be
 * replayed from anywhere before the applied index.
 */

import { decodeEnvelope, encodeEnvelope } from '../../encoding/envelope.ts';
import type { Configuration, Entry, LogIndex, Term } from '../../raft/types.ts';
import {
  after,
  type Command,
  type CommandResult,
  type Comparison,
  decodeCommand,
  type Operation,
  type OperationResult,
  type TransactionCommand,
} from './commands.ts';
import { StateView } from './reading.ts';
import { asStateError, openForWriting, type Writer } from './tables.ts';

/** Answers are kept this many log entries, so that a command proposed again is recognised. */
const keptAnswers = 50_000;

export interface Applied {
  readonly index: LogIndex;
  readonly term: Term;
}

export interface StateMachine {
  readonly view: StateView;
  applied(): Applied;
  /** The configuration in force at the applied index; null on a node that knows none yet. */
  configuration(): Configuration | null;
  /** For the node that starts the cluster: the configuration before the first entry. */
  setInitialConfiguration(configuration: Configuration): void;
  /**
   * Applies entries in order, all or none. `decodeConfiguration` reads a configuration entry's data. Returns the
   * result of each command by its entry's index. Throws `StateError`; nothing is applied then.
   */
  apply(
    entries: readonly Entry[],
    decodeConfiguration: (data: Uint8Array) => Configuration | null,
  ): Map<LogIndex, CommandResult>;
  close(): void;
}

/** Opens or creates the state. Throws `StateError` (version, corrupt, io, full). */
export function openStateMachine(file: string): StateMachine {
  const writer = openForWriting(file);
  const view = new StateView(writer);
  const applier = new Applier(writer, view);
  return {
    view,
    applied: () => ({
      index: view.number('appliedIndex') as LogIndex,
      term: view.number('appliedTerm') as Term,
    }),
    configuration: () => {
      const text = view.text('configuration');
      return text === null ? null : (JSON.parse(text) as Configuration);
    },
    setInitialConfiguration: (configuration) => applier.setConfiguration(configuration),
    apply: (entries, decodeConfiguration) => {
      try {
        return writer.transaction(() => applier.applyAll(entries, decodeConfiguration)).immediate();
      } catch (error) {
        throw asStateError(error, file);
      }
    },
    close: () => writer.close(),
  };
}

class Applier {
  readonly #view: StateView;
  readonly #setMeta;
  readonly #insertRevision;
  readonly #setCurrent;
  readonly #deleteCurrent;
  readonly #findAnswer;
  readonly #storeAnswer;
  readonly #forgetAnswers;
  readonly #compactCurrent;
  readonly #compactDeleted;

  constructor(writer: Writer, view: StateView) {
    this.#view = view;
    this.#setMeta = writer.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
    this.#insertRevision = writer.prepare(
      'INSERT INTO revisions (revision, sub, key, value, createRevision, version) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#setCurrent = writer.prepare('INSERT OR REPLACE INTO current (key, revision, sub) VALUES (?, ?, ?)');
    this.#deleteCurrent = writer.prepare('DELETE FROM current WHERE key = ?');
    this.#findAnswer = writer.prepare<[string], { result: Uint8Array }>(
      'SELECT result FROM answered WHERE id = ?',
    );
    this.#storeAnswer = writer.prepare('INSERT INTO answered (id, logIndex, result) VALUES (?, ?, ?)');
    this.#forgetAnswers = writer.prepare('DELETE FROM answered WHERE logIndex <= ?');
    // Compaction keeps, of every key, the newest version not after the revision, unless that is a deletion.
    this.#compactCurrent = writer.prepare(
      `DELETE FROM revisions WHERE revision <= @revision AND EXISTS (
         SELECT 1 FROM revisions newer WHERE newer.key = revisions.key
         AND newer.revision > revisions.revision AND newer.revision <= @revision)`,
    );
    this.#compactDeleted = writer.prepare('DELETE FROM revisions WHERE revision <= ? AND value IS NULL');
  }

  applyAll(
    entries: readonly Entry[],
    decodeConfiguration: (data: Uint8Array) => Configuration | null,
  ): Map<LogIndex, CommandResult> {
    const results = new Map<LogIndex, CommandResult>();
    const applied = this.#view.number('appliedIndex');
    const fresh = entries.filter((entry) => entry.index > applied);
    for (const entry of fresh) {
      if (entry.kind === 'command') results.set(entry.index, this.#applyOnce(entry));
      if (entry.kind === 'configuration') {
        const configuration = decodeConfiguration(entry.data);
        if (configuration) this.setConfiguration(configuration);
      }
    }
    const last = fresh.at(-1);
    if (last) {
      this.#forgetAnswers.run(last.index - keptAnswers);
      this.#setMeta.run('appliedIndex', last.index);
      this.#setMeta.run('appliedTerm', last.term);
    }
    return results;
  }

  setConfiguration(configuration: Configuration): void {
    this.#setMeta.run('configuration', JSON.stringify(configuration));
  }

  /** A command that was applied before gives the answer it gave then. */
  #applyOnce(entry: Entry): CommandResult {
    const command = decodeCommand(entry.data);
    if (command === null) return this.#refuse('the command cannot be read by this version');
    const earlier = this.#findAnswer.get(command.id);
    if (earlier) return decodeEnvelope(earlier.result) as CommandResult;
    const result = this.#applyCommand(command);
    this.#storeAnswer.run(command.id, entry.index, encodeEnvelope(result));
    return result;
  }

  #applyCommand(command: Command): CommandResult {
    switch (command.kind) {
      case 'transaction':
        return this.#applyTransaction(command);
      case 'compact':
        return this.#applyCompaction(command.revision);
    }
  }

  #applyTransaction(command: TransactionCommand): CommandResult {
    const succeeded = command.compare.every((comparison) => this.#holds(comparison));
    const operations = succeeded ? command.success : command.failure;
    const before = this.#view.number('revision');
    const change = { revision: before + 1, sub: 0 };
    const results = operations.map((operation) => this.#applyOperation(operation, change));
    // A transaction that changed nothing has no revision of its own.
    const revision = change.sub > 0 ? change.revision : before;
    return { kind: 'transaction', revision, succeeded, results };
  }

  #holds(comparison: Comparison): boolean {
    const stored = this.#view.get(comparison.key);
    switch (comparison.target) {
      case 'value':
        return stored !== null && Buffer.compare(stored.value, comparison.is) === 0;
      case 'modifyRevision':
        return (stored?.modifyRevision ?? 0) === comparison.is;
      case 'createRevision':
        return (stored?.createRevision ?? 0) === comparison.is;
      case 'version':
        return (stored?.version ?? 0) === comparison.is;
    }
  }

  #applyOperation(operation: Operation, change: { revision: number; sub: number }): OperationResult {
    switch (operation.operation) {
      case 'put':
        this.#put(operation.key, operation.value, change);
        return { operation: 'put' };
      case 'delete':
        return { operation: 'delete', deleted: this.#delete(operation.key, operation.end, change) };
      case 'range': {
        const read = this.#view.range({ key: operation.key, end: operation.end, limit: operation.limit });
        if (read.kind !== 'range') return { operation: 'range', items: [], more: false };
        return { operation: 'range', items: read.items, more: read.more };
      }
    }
  }

  #put(key: Uint8Array, value: Uint8Array, change: { revision: number; sub: number }): void {
    const stored = this.#view.get(key);
    const createRevision = stored?.createRevision ?? change.revision;
    this.#insertRevision.run(
      change.revision,
      change.sub,
      key,
      value,
      createRevision,
      (stored?.version ?? 0) + 1,
    );
    this.#setCurrent.run(key, change.revision, change.sub);
    this.#countChange(change);
  }

  #delete(key: Uint8Array, end: Uint8Array | undefined, change: { revision: number; sub: number }): number {
    const read = this.#view.range({ key, end: end ?? after(key) });
    const items = read.kind === 'range' ? read.items : [];
    for (const item of items) {
      this.#insertRevision.run(change.revision, change.sub, item.key, null, 0, 0);
      this.#deleteCurrent.run(item.key);
      this.#countChange(change);
    }
    return items.length;
  }

  #countChange(change: { revision: number; sub: number }): void {
    if (change.sub === 0) this.#setMeta.run('revision', change.revision);
    change.sub += 1;
  }

  #applyCompaction(revision: number): CommandResult {
    const newest = this.#view.number('revision');
    const oldest = this.#view.number('compactedRevision');
    if (revision > newest)
      return this.#refuse(`revision ${revision} is in the future: the newest is ${newest}`);
    if (revision <= oldest)
      return this.#refuse(`revision ${revision} is compacted already: the oldest kept is ${oldest + 1}`);
    this.#compactCurrent.run({ revision });
    this.#compactDeleted.run(revision);
    this.#setMeta.run('compactedRevision', revision);
    return { kind: 'compacted', revision: newest };
  }

  #refuse(reason: string): CommandResult {
    return { kind: 'refused', revision: this.#view.number('revision'), reason };
  }
}
