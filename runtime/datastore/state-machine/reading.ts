/** Reads of the state, as prepared statements over one connection: ranges in pages, changes, leases, facts about it. */
import type Database from 'better-sqlite3';
import type { AlarmKind } from './commands.ts';
import { JoinedRows, mostPageBytes, type VersionRow } from './joined-rows.ts';
import { after, type Change, type KeyRange, type KeyValue } from './model.ts';
import { RangeReader } from './range-reading.ts';
import { firstId, revisionOf } from './revision-ids.ts';

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

export class StateView {
  /** The newest revision, where whoever writes over this connection keeps it in memory. */
  newest: number | null = null;
  readonly #connection: Database.Database;
  readonly #meta;
  readonly #ranges: RangeReader;
  readonly #changes: JoinedRows<readonly [from: number, before: number]>;
  readonly #before;
  readonly #lease;
  readonly #leases;
  readonly #leaseKeys;
  readonly #alarms;

  constructor(connection: Database.Database) {
    this.#connection = connection;
    this.#meta = connection.prepare<[string], { value: unknown }>('SELECT value FROM meta WHERE name = ?');
    this.#ranges = new RangeReader(connection);
    this.#changes = new JoinedRows(
      connection,
      `SELECT key, value, createRevision, id, version, lease FROM revisions
       WHERE id >= ? AND id < ? ORDER BY id LIMIT -1`,
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
    return this.#ranges.get(key);
  }

  page({ key, end, revision, mostItems, keysOnly }: PageQuery): Page {
    const newest = this.number('revision');
    if (revision > newest) return { kind: 'future', revision: newest };
    if (revision > 0) {
      const oldest = this.number('compactedRevision');
      if (revision < oldest) return { kind: 'compacted', oldest };
    }
    const isNewest = revision === 0 || revision === newest;
    const head = { kind: 'page', revision: newest, readAt: isNewest ? newest : revision } as const;
    if (end === undefined && isNewest && mostItems > 0 && !keysOnly) {
      const item = this.#ranges.get(key);
      return { ...head, items: item === null ? [] : [item], next: null };
    }
    return { ...head, ...this.#ranges.read({ key, end }, isNewest ? null : revision, mostItems, keysOnly) };
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
  count(range: KeyRange, revision: number): number {
    const isNewest = revision === 0 || revision === this.number('revision');
    return this.#ranges.count(range, isNewest ? null : revision);
  }

  /** Every change from revision `from` on: whole revisions, as many as fit. */
  changes(from: number, mostRevisions: number, previous: boolean): ChangesPage {
    const oldest = this.number('compactedRevision');
    // What happened in the compacted revision itself is kept.
    if (from < oldest) return { kind: 'compacted', oldest };
    let through = Math.min(this.number('revision'), from + mostRevisions - 1);
    while (through > from && this.#changes.weight(firstId(from), firstId(through + 1)) > mostPageBytes)
      through = from + Math.floor((through - from) / 2);
    const changes = this.#changes.read(firstId(from), firstId(through + 1)).map(toChange);
    if (!previous) return { kind: 'changes', changes, through };
    const complete = changes.map((change) => ({ ...change, previous: this.versionBefore(change) }));
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
}

function toKeyValue(row: Row): KeyValue {
  const { key, value, createRevision, id, version, lease } = row;
  return { key, value: value ?? noBytes, createRevision, modifyRevision: revisionOf(id), version, lease };
}

function toChange(row: VersionRow): Change {
  return { ...row, value: row.value ?? noBytes, type: row.value === null ? 'delete' : 'put' };
}

const noBytes = new Uint8Array();
