/** Writes versions of keys: every change of one command has one revision and a place in it. */
import type { KeyValue, PutOperation } from './model.ts';
import type { StateView } from './reading.ts';
import { firstId, revisionOf } from './revision-ids.ts';
import { mostChangesInARevision, type Writer } from './tables.ts';

interface Present {
  readonly id: number;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: number;
}

export class Versions {
  readonly #view: StateView;
  readonly #find;
  readonly #insert;
  readonly #setCurrent;
  readonly #deleteCurrent;
  readonly #attach;
  readonly #detach;
  /** The newest revision of the store. */
  #revision: number;
  /** Changes made so far in the revision after it. */
  #changes = 0;

  constructor(writer: Writer, view: StateView) {
    this.#view = view;
    this.#revision = view.number('revision');
    this.#find = writer.prepare<[Uint8Array], Present>(
      'SELECT id, createRevision, version, lease FROM current WHERE key = ?',
    );
    this.#insert = writer.prepare(
      'INSERT INTO revisions (id, key, value, createRevision, version, lease) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#setCurrent = writer.prepare(
      'INSERT OR REPLACE INTO current (key, id, createRevision, version, lease) VALUES (?, ?, ?, ?, ?)',
    );
    this.#deleteCurrent = writer.prepare('DELETE FROM current WHERE key = ?');
    this.#attach = writer.prepare('INSERT OR IGNORE INTO leaseKeys (lease, key) VALUES (?, ?)');
    this.#detach = writer.prepare('DELETE FROM leaseKeys WHERE lease = ? AND key = ?');
  }

  get revision(): number {
    return this.#revision;
  }

  /** The command is over: its changes, if there were any, have made a revision. */
  finish(): void {
    if (this.#changes > 0) this.#revision += 1;
    this.#changes = 0;
    this.#view.newest = this.#revision;
  }

  /** Reads the newest revision anew, after the database went back to an earlier state. */
  reload(): void {
    this.#view.newest = null;
    this.#revision = this.#view.number('revision');
    this.#changes = 0;
  }

  /** The version before, where it was asked for. */
  put(operation: PutOperation): KeyValue | null {
    const { key, keepValue, keepLease } = operation;
    const present = this.#find.get(key);
    const previous = (operation.previous || keepValue) && present ? this.#view.get(key) : null;
    const value = keepValue ? previous!.value : operation.value;
    const lease = keepLease ? present!.lease : (operation.lease ?? 0);
    const id = this.#nextId();
    const createRevision = present?.createRevision ?? revisionOf(id);
    const version = (present?.version ?? 0) + 1;
    this.#insert.run(id, key, value, createRevision, version, lease);
    this.#setCurrent.run(key, id, createRevision, version, lease);
    const before = present?.lease ?? 0;
    if (before !== lease && before !== 0) this.#detach.run(before, key);
    if (before !== lease && lease !== 0) this.#attach.run(lease, key);
    return operation.previous ? previous : null;
  }

  /** Deletes a key that is there. */
  remove(key: Uint8Array): void {
    const present = this.#find.get(key);
    if (present === undefined) return;
    this.#insert.run(this.#nextId(), key, null, 0, 0, 0);
    this.#deleteCurrent.run(key);
    if (present.lease !== 0) this.#detach.run(present.lease, key);
    // Only the end of a lease may delete this many at once: it then takes several revisions.
    if (this.#changes === mostChangesInARevision) this.finish();
  }

  #nextId(): number {
    const id = firstId(this.#revision + 1) + this.#changes;
    this.#changes += 1;
    return id;
  }
}
