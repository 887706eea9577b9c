/**
 * A checksum over everything that can be read up to a revision, the same on every replica, whatever has been swept
 * there. Works in steps, so that a large store holds nobody up.
 */
import { crc32 } from 'node:zlib';
import type { StateView } from './reading.ts';
import { firstId, revisionOf } from './revision-ids.ts';
import type { Reader } from './tables.ts';

interface Row {
  readonly id: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly createRevision: number;
  readonly version: number;
  readonly lease: number;
}

export class Hashing {
  readonly revision: number;
  readonly compactedRevision: number;
  readonly #rows;
  readonly #end: number;
  #at = -1;
  #hash = 0;

  constructor(connection: Reader, view: StateView, revision: number) {
    this.revision = revision;
    this.compactedRevision = view.number('compactedRevision');
    this.#end = firstId(revision + 1);
    // Of what is compacted only the newest version of each key counts, unless it is a deletion.
    this.#rows = connection.prepare<[number, number, number, number, number], Row>(
      `SELECT * FROM revisions r WHERE id > ? AND id < ? AND (id >= ? OR (value IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM revisions n WHERE n.key = r.key AND n.id > r.id AND n.id < ?))) ORDER BY id LIMIT ?`,
    );
  }

  /** Takes in so many rows more; the checksum when all are in, else null. */
  step(most: number): number | null {
    const compactedEnd = firstId(this.compactedRevision + 1);
    const rows = this.#rows.all(this.#at, this.#end, compactedEnd, compactedEnd, most);
    for (const row of rows) this.#take(row);
    return rows.length < most ? this.#hash : null;
  }

  #take({ id, key, value, createRevision, version, lease }: Row): void {
    this.#at = id;
    const facts = `${id} ${revisionOf(id)} ${createRevision} ${version} ${lease} ${key.length} ${value?.length ?? -1} `;
    this.#hash = crc32(facts, this.#hash);
    this.#hash = crc32(key, this.#hash);
    if (value !== null) this.#hash = crc32(value, this.#hash);
  }
}
