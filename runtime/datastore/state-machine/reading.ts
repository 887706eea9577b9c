/** Reads of the state, as prepared statements over one connection: ranges in pages, changes, leases, facts about it. */
import type Database from 'better-sqlite3';
import type { AlarmKind } from './commands.ts';
import { after, type Change, type KeyRange, type KeyValue } from './model.ts';
import { mostChangesInARevision } from './tables.ts';

/** A piece of a range at one revision, small enough that reading it holds nobody up. */
export type Page =
  | {
      readonly kind: 'page';
      /** The store's newest revision. */
      readonly revision: number;
      /** The revision that was read: ask for the next page at it. */
      readonly readAt: number;
      readonly items: readonly KeyValue[];
      /** Where the next page begins; null: this was the last. */
      readonly next: Uint8Array | null;
    }
  | { readonly kind: 'compacted'; readonly oldest: number }
  | { readonly kind: 'future'; readonly revision: number };

export interface PageQuery extends KeyRange {
  /** 0: the newest. */
  readonly revision: number;
  readonly mostItems: number;
  readonly keysOnly: boolean;
}

export type ChangesPage =
  | {
      readonly kind: 'changes';
      readonly changes: readonly Change[];
      /** Every change up to this revision is taken into account. */
      readonly through: number;
    }
  | { readonly kind: 'compacted'; readonly oldest: number };

export interface StoredLease {
  readonly id: number;
  readonly seconds: number;
  /** The log index at which it was granted. */
  readonly granted: number;
}

type Fact = 'revision' | 'compactedRevision' | 'sweptRevision' | 'appliedIndex' | 'appliedTerm';

interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly createRevision: number;
  readonly id: number;
  readonly version: number;
  readonly lease: number;
}

/** What a page holds at most, beside its number of items. */
const mostPageBytes = 512 * 1024;

export class StateView {
  /** The newest revision, where whoever writes over this connection keeps it in memory. */
  newest: number | null = null;
  readonly #connection: Database.Database;
  readonly #meta;
  readonly #current;
  readonly #currentKeys;
  readonly #past;
  readonly #countCurrent;
  readonly #countPast;
  readonly #changes;
  readonly #before;
  readonly #lease;
  readonly #leases;
  readonly #leaseKeys;
  readonly #alarms;

  constructor(connection: Database.Database) {
    this.#connection = connection;
    this.#meta = connection.prepare<[string], { value: unknown }>('SELECT value FROM meta WHERE name = ?');
    this.#current = connection.prepare<[Uint8Array, Uint8Array, number], Row>(
      `SELECT c.key, r.value, c.createRevision, c.id, c.version, c.lease
       FROM current c JOIN revisions r ON r.id = c.id WHERE c.key >= ? AND c.key < ? ORDER BY c.key LIMIT ?`,
    );
    this.#currentKeys = connection.prepare<[Uint8Array, Uint8Array, number], Row>(
      `SELECT key, x'' AS value, createRevision, id, version, lease
       FROM current WHERE key >= ? AND key < ? ORDER BY key LIMIT ?`,
    );
    // SQLite takes the other columns from the row of the maximum (documented for a single max()).
    const newest = `SELECT key, value, createRevision, max(id) AS id, version, lease
       FROM revisions WHERE key >= ? AND key < ? AND id < ? GROUP BY key`;
    this.#past = connection.prepare<[Uint8Array, Uint8Array, number, number], Row>(
      `SELECT * FROM (${newest}) WHERE value IS NOT NULL ORDER BY key LIMIT ?`,
    );
    this.#countCurrent = connection.prepare<[Uint8Array, Uint8Array], { count: number }>(
      'SELECT count(*) AS count FROM current WHERE key >= ? AND key < ?',
    );
    this.#countPast = connection.prepare<[Uint8Array, Uint8Array, number], { count: number }>(
      `SELECT count(*) AS count FROM (${newest}) WHERE value IS NOT NULL`,
    );
    this.#changes = connection.prepare<[number, number], Row>(
      `SELECT key, value, createRevision, id, version, lease FROM revisions WHERE id >= ? AND id < ? ORDER BY id`,
    );
    this.#before = connection.prepare<[Uint8Array, number], Row>(
      `SELECT key, value, createRevision, id, version, lease FROM revisions
       WHERE key = ? AND id < ? ORDER BY id DESC LIMIT 1`,
    );
    this.#lease = connection.prepare<[number], StoredLease>('SELECT * FROM leases WHERE id = ?');
    this.#leases = connection.prepare<[], StoredLease>('SELECT * FROM leases ORDER BY id');
    this.#leaseKeys = connection.prepare<[number], { key: Uint8Array }>(
      'SELECT key FROM leaseKeys WHERE lease = ? ORDER BY key',
    );
    this.#alarms = connection.prepare<[], { alarm: AlarmKind; member: string }>(
      'SELECT alarm, member FROM alarms ORDER BY alarm, member',
    );
  }

  number(fact: Fact): number {
    if (fact === 'revision' && this.newest !== null) return this.newest;
    return Number(this.#meta.get(fact)?.value ?? 0);
  }

  text(name: 'configuration'): string | null {
    const value = this.#meta.get(name)?.value;
    return typeof value === 'string' ? value : null;
  }

  get(key: Uint8Array): KeyValue | null {
    const row = this.#current.get(key, after(key), 1);
    return row ? toKeyValue(row) : null;
  }

  page({ key, end, revision, mostItems, keysOnly }: PageQuery): Page {
    const newest = this.number('revision');
    if (revision > newest) return { kind: 'future', revision: newest };
    const oldest = this.number('compactedRevision');
    if (revision > 0 && revision < oldest) return { kind: 'compacted', oldest };
    const readAt = revision === 0 ? newest : revision;
    const rows = this.#rows(
      key,
      end ?? after(key),
      readAt === newest ? null : readAt,
      mostItems + 1,
      keysOnly,
    );
    const items: KeyValue[] = [];
    let bytes = 0;
    for (const row of rows) {
      if (items.length === mostItems || bytes > mostPageBytes)
        return { kind: 'page', revision: newest, readAt, items, next: row.key };
      items.push(toKeyValue(keysOnly ? { ...row, value: null } : row));
      bytes += row.key.length + (row.value?.length ?? 0);
    }
    return { kind: 'page', revision: newest, readAt, items, next: null };
  }

  /** A whole range, at a revision that is known to be kept. */
  items(
    range: KeyRange,
    options: {
      readonly revision?: number;
      readonly keysOnly?: boolean;
      readonly most?: number | undefined;
    } = {},
  ): KeyValue[] {
    const { revision = 0, keysOnly = false, most = Number.MAX_SAFE_INTEGER } = options;
    const end = range.end ?? after(range.key);
    const items: KeyValue[] = [];
    let key: Uint8Array | null = range.key;
    while (key !== null && items.length < most) {
      const mostItems = Math.min(1000, most - items.length);
      const page = this.page({ key, end, revision, mostItems, keysOnly });
      if (page.kind !== 'page') throw new Error(`revision ${revision} is ${page.kind}`);
      items.push(...page.items);
      key = page.next;
    }
    return items;
  }

  /** Keys in the range at a revision that `page` could read; 0: the newest. */
  count({ key, end }: KeyRange, revision: number): number {
    const last = end ?? after(key);
    if (revision === 0 || revision === this.number('revision'))
      return this.#countCurrent.get(key, last)!.count;
    return this.#countPast.get(key, last, firstId(revision + 1))!.count;
  }

  /** Every change from revision `from` on: whole revisions, as many as fit. */
  changes(from: number, mostRevisions: number, previous: boolean): ChangesPage {
    const oldest = this.number('compactedRevision');
    // What happened in the compacted revision itself is kept.
    if (from < oldest) return { kind: 'compacted', oldest };
    const last = Math.min(this.number('revision'), from + mostRevisions - 1);
    const changes: Change[] = [];
    let bytes = 0;
    let through = last;
    for (const row of this.#changes.iterate(firstId(from), firstId(last + 1))) {
      const change = toChange(row);
      if (bytes > mostPageBytes && change.modifyRevision !== changes.at(-1)?.modifyRevision) {
        through = changes.at(-1)!.modifyRevision;
        break;
      }
      bytes += row.key.length + (row.value?.length ?? 0);
      changes.push(previous ? { ...change, previous: null } : change);
    }
    // A second query while the first is being read would close it.
    const complete = previous
      ? changes.map((each) => ({ ...each, previous: this.versionBefore(each) }))
      : changes;
    return { kind: 'changes', changes: complete, through };
  }

  /** The version of a key before a change of it; null when there was none, or it is compacted. */
  versionBefore({ key, modifyRevision }: Pick<KeyValue, 'key' | 'modifyRevision'>): KeyValue | null {
    const row = this.#before.get(key, firstId(modifyRevision));
    // What lies before the oldest kept revision may be swept on one node and not yet on another.
    if (row === undefined || row.value === null || modifyRevision <= this.number('compactedRevision'))
      return null;
    return toKeyValue(row);
  }

  lease(id: number): StoredLease | null {
    return this.#lease.get(id) ?? null;
  }

  leases(): readonly StoredLease[] {
    return this.#leases.all();
  }

  leaseKeys(id: number): readonly Uint8Array[] {
    return this.#leaseKeys.all(id).map(({ key }) => key);
  }

  alarms(): readonly { readonly alarm: AlarmKind; readonly member: string }[] {
    return this.#alarms.all();
  }

  /** Bytes of the database, and of them in use. */
  size(): { readonly bytes: number; readonly inUse: number } {
    const pragma = (name: string): number => Number(this.#connection.pragma(name, { simple: true }));
    const pageBytes = pragma('page_size');
    const pages = pragma('page_count');
    return { bytes: pages * pageBytes, inUse: (pages - pragma('freelist_count')) * pageBytes };
  }

  #rows(
    key: Uint8Array,
    end: Uint8Array,
    past: number | null,
    most: number,
    keysOnly: boolean,
  ): IterableIterator<Row> {
    if (past !== null) return this.#past.iterate(key, end, firstId(past + 1), most);
    return (keysOnly ? this.#currentKeys : this.#current).iterate(key, end, most);
  }
}

/** The id of the first change of a revision. */
export function firstId(revision: number): number {
  return revision * mostChangesInARevision;
}

export function revisionOf(id: number): number {
  return Math.floor(id / mostChangesInARevision);
}

function toKeyValue(row: Row): KeyValue {
  const { key, value, createRevision, id, version, lease } = row;
  return { key, value: value ?? noBytes, createRevision, modifyRevision: revisionOf(id), version, lease };
}

function toChange(row: Row): Change {
  return { ...toKeyValue(row), type: row.value === null ? 'delete' : 'put' };
}

const noBytes = new Uint8Array();
