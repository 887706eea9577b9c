/** Reads ranges of keys, a page at a time, and counts them. */
import type Database from 'better-sqlite3';
import { JoinedRows, mostPageBytes } from './joined-rows.ts';
import { after, type KeyRange, type KeyValue } from './model.ts';
import { firstId, revisionOf } from './revision-ids.ts';

export interface Rows {
  readonly items: readonly KeyValue[];
  /** Where the next page begins; null: this was the last. */
  readonly next: Uint8Array | null;
}

type CurrentBounds = readonly [key: Uint8Array, end: Uint8Array];
type PastBounds = readonly [...CurrentBounds, before: number];
type OneRow = readonly [
  value: Uint8Array,
  createRevision: number,
  id: number,
  version: number,
  lease: number,
];

const current = `SELECT c.key, r.value, c.createRevision, c.id, c.version, c.lease
  FROM current c JOIN revisions r ON r.id = c.id WHERE c.key >= ? AND c.key < ? ORDER BY c.key LIMIT ?`;
const currentKeys = `SELECT key, x'' AS value, createRevision, id, version, lease
  FROM current WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`;
// SQLite takes the other columns from the row of the maximum (documented for a single max()).
const newestBefore = `SELECT key, value, createRevision, max(id) AS id, version, lease
  FROM revisions WHERE key >= ? AND key < ? AND id < ? GROUP BY key`;
const past = `SELECT * FROM (${newestBefore}) WHERE value IS NOT NULL ORDER BY key LIMIT ?`;
const pastKeys = `SELECT key, x'' AS value, createRevision, id, version, lease FROM (${past})`;

export class RangeReader {
  readonly #one;
  readonly #current: PageReader<CurrentBounds>;
  readonly #past: PageReader<PastBounds>;
  readonly #countCurrent;
  readonly #countPast;

  constructor(connection: Database.Database) {
    this.#one = connection
      .prepare<[Uint8Array], OneRow>(
        `SELECT r.value, c.createRevision, c.id, c.version, c.lease
         FROM current c JOIN revisions r ON r.id = c.id WHERE c.key = ?`,
      )
      .raw();
    this.#current = new PageReader(connection, current, currentKeys);
    this.#past = new PageReader(connection, past, pastKeys);
    this.#countCurrent = connection
      .prepare<unknown[], number>('SELECT count(*) FROM current WHERE key >= ? AND key < ?')
      .pluck();
    this.#countPast = connection
      .prepare<unknown[], number>(`SELECT count(*) FROM (${newestBefore}) WHERE value IS NOT NULL`)
      .pluck();
  }

  /** The newest version of a key. */
  get(key: Uint8Array): KeyValue | null {
    const row = this.#one.get(key);
    if (row === undefined) return null;
    const [value, createRevision, id, version, lease] = row as OneRow;
    return { key, value, createRevision, modifyRevision: revisionOf(id), version, lease };
  }

  /** A page at a revision that is kept; null: the newest. */
  read(range: KeyRange, revision: number | null, mostItems: number, keysOnly: boolean): Rows {
    const { key, end } = boundsOf(range);
    if (revision === null) return this.#current.read([key, end], mostItems, keysOnly);
    return this.#past.read([key, end, firstId(revision + 1)], mostItems, keysOnly);
  }

  /** Keys in the range at a revision that is kept; null: the newest. */
  count(range: KeyRange, revision: number | null): number {
    const { key, end } = boundsOf(range);
    if (revision === null) return this.#countCurrent.get(key, end) as number;
    return this.#countPast.get(key, end, firstId(revision + 1)) as number;
  }
}

/** One query over current or past versions, whose last parameter is the limit. */
class PageReader<Bounds extends readonly unknown[]> {
  readonly #items: JoinedRows<readonly [...Bounds, limit: number]>;
  readonly #keys: JoinedRows<readonly [...Bounds, limit: number]>;

  constructor(connection: Database.Database, items: string, keys: string) {
    this.#items = new JoinedRows(connection, items);
    this.#keys = new JoinedRows(connection, keys);
  }

  read(bounds: Bounds, mostItems: number, keysOnly: boolean): Rows {
    const most = keysOnly ? mostItems : this.#lightEnough(bounds, mostItems);
    // One more says where the next page begins.
    const items = (keysOnly ? this.#keys : this.#items).read(...bounds, most + 1) as KeyValue[];
    if (items.length <= most) return { items, next: null };
    return { items: items.slice(0, most), next: items[most]!.key };
  }

  #lightEnough(bounds: Bounds, mostItems: number): number {
    let most = mostItems;
    while (most > 1 && this.#items.weight(...bounds, most) > mostPageBytes) most = Math.ceil(most / 2);
    return most;
  }
}

function boundsOf({ key, end }: KeyRange): { readonly key: Uint8Array; readonly end: Uint8Array } {
  return { key, end: end ?? after(key) };
}
