/**
 * Which commands have been applied, so that one that is proposed again after a lost answer is applied once (Ongaro,
 * section 6.3). A session is one run of one node. What it has been answered is kept in memory and written when the
 * state is committed: most answers are acknowledged by then, and never reach the disk.
 */
import type { LogIndex } from '../../raft/types.ts';
import type { CommandId, CommandResult } from './commands.ts';
import { decodeResult, encodeResult } from './result-codec.ts';
import type { Writer } from './tables.ts';

/** A session that has been silent for this many log entries has ended: no request waits that long. */
const sessionEntries = 1_000_000;
/** Ended sessions are looked for at every entry whose index is a multiple of this. */
const lookEvery = 10_000;
/** Larger answers are not kept, only that there was one. */
const largestKeptAnswer = 4096;

interface Session {
  acknowledged: number;
  lastIndex: number;
  /** Whether its row is behind. */
  changed: boolean;
  /** Encoded answers by sequence number; empty where only is known that there was one. */
  readonly answers: Map<number, Uint8Array>;
  /** Of these, those that have no row yet. */
  unsaved: number[];
}

export type Earlier =
  | { readonly kind: 'new' }
  | { readonly kind: 'answered'; readonly result: CommandResult }
  /** It was applied, or may have been; what it gave is not known any more. */
  | { readonly kind: 'forgotten' };

export class Sessions {
  readonly #sessions = new Map<number, Session>();
  readonly #all;
  readonly #save;
  readonly #end;
  readonly #allAnswers;
  readonly #store;
  readonly #forget;

  constructor(writer: Writer) {
    this.#all = writer.prepare<[], { id: number; acknowledged: number; lastIndex: number }>(
      'SELECT * FROM sessions',
    );
    this.#save = writer.prepare(
      'INSERT OR REPLACE INTO sessions (id, acknowledged, lastIndex) VALUES (?, ?, ?)',
    );
    this.#end = writer.prepare('DELETE FROM sessions WHERE id = ?');
    this.#allAnswers = writer.prepare<[], { session: number; sequence: number; result: Uint8Array }>(
      'SELECT * FROM answered',
    );
    this.#store = writer.prepare(
      'INSERT OR REPLACE INTO answered (session, sequence, result) VALUES (?, ?, ?)',
    );
    this.#forget = writer.prepare('DELETE FROM answered WHERE session = ? AND sequence < ?');
    this.reload();
  }

  /** Reads everything anew, after the database went back to an earlier state. */
  reload(): void {
    this.#sessions.clear();
    for (const { id, acknowledged, lastIndex } of this.#all.all())
      this.#sessions.set(id, { acknowledged, lastIndex, changed: false, answers: new Map(), unsaved: [] });
    for (const { session, sequence, result } of this.#allAnswers.all())
      this.#sessions.get(session)?.answers.set(sequence, result);
  }

  /** Whether the command of this id has been applied before. Takes note of it in any case. */
  meet(id: CommandId, index: LogIndex): Earlier {
    const session = this.#sessions.get(id.session);
    if (session === undefined) {
      // A session that has been answered before and is not known here has ended.
      if (id.acknowledged > 1) return { kind: 'forgotten' };
      const news = { lastIndex: index, changed: true, answers: new Map(), unsaved: [] };
      this.#sessions.set(id.session, { acknowledged: 1, ...news });
      return { kind: 'new' };
    }
    session.lastIndex = index;
    session.changed = true;
    if (id.sequence < session.acknowledged) return { kind: 'forgotten' };
    session.acknowledged = Math.max(session.acknowledged, id.acknowledged);
    const answer = session.answers.get(id.sequence);
    if (answer === undefined) return { kind: 'new' };
    return answer.length === 0 ? { kind: 'forgotten' } : { kind: 'answered', result: decodeResult(answer) };
  }

  answer(id: CommandId, result: CommandResult): void {
    const session = this.#sessions.get(id.session);
    const bytes = encodeResult(result);
    session?.answers.set(id.sequence, bytes.length <= largestKeptAnswer ? bytes : new Uint8Array());
    session?.unsaved.push(id.sequence);
  }

  /** Called for every entry, so that all replicas end a session at the same one. */
  passed(index: LogIndex): void {
    if (index % lookEvery !== 0) return;
    for (const [id, { lastIndex }] of this.#sessions) {
      if (lastIndex > index - sessionEntries) continue;
      this.#sessions.delete(id);
      this.#end.run(id);
      this.#forget.run(id, Number.MAX_SAFE_INTEGER);
    }
  }

  /** Writes what has changed since the last call; to be called before a commit. */
  flush(): void {
    for (const [id, session] of this.#sessions) {
      if (!session.changed) continue;
      session.changed = false;
      this.#save.run(id, session.acknowledged, session.lastIndex);
      this.#forget.run(id, session.acknowledged);
      for (const sequence of session.answers.keys())
        if (sequence < session.acknowledged) session.answers.delete(sequence);
      for (const sequence of session.unsaved) {
        const answer = session.answers.get(sequence);
        if (answer !== undefined) this.#store.run(id, sequence, answer);
      }
      session.unsaved = [];
    }
  }
}
