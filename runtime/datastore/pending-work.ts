/** Callers that wait: for their command to be applied, or for the state to be new enough to read. */
import type { Entry, LogIndex, Term } from '../raft/types.ts';
import type { Surroundings } from './clock.ts';
import type { CommandResult } from './state-machine/commands.ts';

/** The proposed entry was replaced, or the node stops: whether it was applied is unknown. Propose it again, same id. */
export class LostError extends Error {
  override readonly name = 'LostError';
}

interface ExpectedResult {
  readonly term: Term;
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (error: LostError) => void;
}

interface ExpectedRead {
  /** Known once the leader has confirmed itself. */
  index: LogIndex | null;
  readonly resolve: (served: boolean) => void;
}

export class PendingWork {
  readonly #results = new Map<LogIndex, ExpectedResult>();
  readonly #reads = new Map<string, ExpectedRead>();
  readonly #surroundings: Surroundings;
  /** Tells the reads of this start from those of an earlier one, whose answers may still be on their way. */
  readonly #readPrefix: string;
  #lastRead = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#readPrefix = Math.floor(surroundings.random() * 2 ** 48).toString(16);
  }

  /** Resolves with the result of the entry at `index`, if it is still the one of `term` when it is applied. */
  expectResult(index: LogIndex, term: Term): Promise<CommandResult> {
    this.#results.get(index)?.reject(new LostError('another entry took its place'));
    return new Promise((resolve, reject) => this.#results.set(index, { term, resolve, reject }));
  }

  /** The question and its answer travel as messages that may be lost: without one in time the read has failed. */
  expectRead(timeoutMilliseconds: number): { readonly context: string; readonly done: Promise<boolean> } {
    this.#lastRead += 1;
    const context = `${this.#readPrefix}-${this.#lastRead}`;
    const done = new Promise<boolean>((resolve) => {
      const giveUp = (): void => this.readConfirmed(context, null);
      const cancel = this.#surroundings.clock.after(timeoutMilliseconds, giveUp);
      const settle = (served: boolean): void => {
        cancel();
        resolve(served);
      };
      this.#reads.set(context, { index: null, resolve: settle });
    });
    return { context, done };
  }

  readConfirmed(context: string, index: LogIndex | null): void {
    const read = this.#reads.get(context);
    if (!read) return;
    read.index = index;
    if (index !== null) return;
    this.#reads.delete(context);
    read.resolve(false);
  }

  /** The state stands at `applied`: reads up to there are served. */
  servable(applied: LogIndex): void {
    for (const [context, read] of this.#reads) {
      if (read.index === null || read.index > applied) continue;
      this.#reads.delete(context);
      read.resolve(true);
    }
  }

  /** Entries were applied; a proposal whose place another term's entry took is lost. */
  applied(index: LogIndex, results: ReadonlyMap<LogIndex, CommandResult>, entries: readonly Entry[]): void {
    const terms = new Map(entries.map((entry) => [entry.index, entry.term]));
    for (const [at, expected] of this.#results) {
      if (at > index) continue;
      this.#results.delete(at);
      const result = results.get(at);
      if (result && terms.get(at) === expected.term) expected.resolve(result);
      else expected.reject(new LostError('another entry took its place'));
    }
    this.servable(index);
  }

  failAll(): void {
    for (const { reject } of this.#results.values()) reject(new LostError('the node stops'));
    for (const { resolve } of this.#reads.values()) resolve(false);
    this.#results.clear();
    this.#reads.clear();
  }
}
