/**
 * Which commands have been applied, so that one that is proposed again after a lost answer is applied once (Ongaro,
 * section 6.3). A session is one run of one node. Its newest facts are kept in memory and written with each batch.
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
  readonly #find;
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
    this.#find = writer.prepare<[number, number], { result: Uint8Array }>(
      'SELECT result FROM answered WHERE session = ? AND sequence = ?',
    );
    this.#store = writer.prepare('INSERT INTO answered (session, sequence, result) VALUES (?, ?, ?)');
    this.#forget = writer.prepare('DELETE FROM answered WHERE session = ? AND sequence < ?');
    this.reload();
  }

  /** Reads everything anew, after the database went back to an earlier state. */
  reload(): void {
    this.#sessions.clear();
    for (const { id, acknowledged, lastIndex } of this.#all.all())
      this.#sessions.set(id, { acknowledged, lastIndex, changed: false });
  }

  /** Whether the command of this id has been applied before. Takes note of it in any case. */
  meet(id: CommandId, index: LogIndex): Earlier {
    const session = this.#sessions.get(id.session);
    if (session === undefined) {
      // A session that has been answered before and is not known here has ended.
      if (id.acknowledged > 1) return { kind: 'forgotten' };
      this.#sessions.set(id.session, { acknowledged: 1, lastIndex: index, changed: true });
      return { kind: 'new' };
    }
    session.lastIndex = index;
    session.changed = true;
    if (id.sequence < session.acknowledged) return { kind: 'forgotten' };
    session.acknowledged = Math.max(session.acknowledged, id.acknowledged);
    const row = this.#find.get(id.session, id.sequence);
    if (row === undefined) return { kind: 'new' };
    return row.result.length === 0
      ? { kind: 'forgotten' }
      : { kind: 'answered', result: decodeResult(row.result) };
  }

  answer(id: CommandId, result: CommandResult): void {
    const bytes = encodeResult(result);
    this.#store.run(id.session, id.sequence, bytes.length <= largestKeptAnswer ? bytes : new Uint8Array());
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

  /** Writes what has changed since the last call. */
  flush(): void {
    for (const [id, session] of this.#sessions) {
      if (!session.changed) continue;
      session.changed = false;
      this.#save.run(id, session.acknowledged, session.lastIndex);
      this.#forget.run(id, session.acknowledged);
    }
  }
}
