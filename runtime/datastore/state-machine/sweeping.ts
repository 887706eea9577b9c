/**
 * Compaction's second half: removes versions that no read can reach any more, a few at a time, so that nothing waits
 * for it. Each replica does it when it has leisure; what can be read is the same before and after.
 */
import type { StateView } from './reading.ts';
import { firstId, revisionOf } from './revision-ids.ts';
import type { Writer } from './tables.ts';

export class Sweeper {
  readonly #view: StateView;
  readonly #next;
  readonly #removeOlder;
  readonly #remove;
  readonly #setMeta;
  /** The id up to which everything is swept; null: as `meta` says. */
  #at: number | null = null;

  constructor(writer: Writer, view: StateView) {
    this.#view = view;
    this.#next = writer.prepare<[number, number, number], { id: number; key: Uint8Array; deletion: 0 | 1 }>(
      'SELECT id, key, value IS NULL AS deletion FROM revisions WHERE id > ? AND id < ? ORDER BY id LIMIT ?',
    );
    this.#removeOlder = writer.prepare('DELETE FROM revisions WHERE key = ? AND id < ?');
    this.#remove = writer.prepare('DELETE FROM revisions WHERE id = ?');
    this.#setMeta = writer.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('sweptRevision', ?)");
  }

  /** Whether there is something to sweep. */
  get isDue(): boolean {
    return this.#view.number('sweptRevision') < this.#view.number('compactedRevision');
  }

  /** Looks at so many changes before the compacted revision. Must run in a transaction. */
  step(most: number): void {
    const compacted = this.#view.number('compactedRevision');
    // The swept revision itself too: its deletions were kept, since a watch may begin there.
    const from = this.#at ?? firstId(this.#view.number('sweptRevision')) - 1;
    const rows = this.#next.all(from, firstId(compacted + 1), most);
    for (const { id, key, deletion } of rows) {
      // A later version, or the deletion itself, stands for everything before it.
      this.#removeOlder.run(key, id);
      if (deletion && id < firstId(compacted)) this.#remove.run(id);
      this.#at = id;
    }
    if (rows.length < most) {
      this.#setMeta.run(compacted);
      this.#at = null;
    } else if (this.#at !== null) {
      this.#setMeta.run(revisionOf(this.#at) - 1);
    }
  }

  reload(): void {
    this.#at = null;
  }
}
