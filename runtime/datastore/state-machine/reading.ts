/** Reads of the state: by the state machine itself inside a transaction, and by read-only connections elsewhere. */
import type Database from 'better-sqlite3';
import { after, type StoredKeyValue } from './commands.ts';

export interface RangeQuery {
  readonly key: Uint8Array;
  /** Without it only `key` itself. */
  readonly end?: Uint8Array | undefined;
  /** 0 or absent: no limit. */
  readonly limit?: number | undefined;
  /** 0 or absent: the newest revision. */
  readonly revision?: number | undefined;
}

export type RangeResult =
  | {
      readonly kind: 'range';
      readonly revision: number;
      readonly items: readonly StoredKeyValue[];
      readonly more: boolean;
    }
  | { readonly kind: 'compacted'; readonly oldest: number }
  | { readonly kind: 'future'; readonly revision: number };

/** One change of one key. A deletion has no value, and version 0. */
export interface Change {
  readonly revision: number;
  readonly type: 'put' | 'delete';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly version: number;
}

export type ChangesResult =
  | { readonly kind: 'changes'; readonly changes: readonly Change[]; readonly through: number }
  | { readonly kind: 'compacted'; readonly oldest: number };

interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly createRevision: number;
  readonly revision: number;
  readonly version: number;
}

const rowColumns = 'r.key, r.value, r.createRevision, r.revision, r.version';

/** Prepared statements over one connection. */
export class StateView {
  readonly #meta: Database.Statement<[string], { value: unknown }>;
  readonly #current: Database.Statement<[Uint8Array, Uint8Array, number], Row>;
  readonly #past: Database.Statement<[Uint8Array, Uint8Array, number, number], Row>;
  readonly #changes: Database.Statement<[number, number, Uint8Array, Uint8Array], Row>;

  constructor(connection: Database.Database) {
    this.#meta = connection.prepare('SELECT value FROM meta WHERE name = ?');
    this.#current = connection.prepare(
      `SELECT ${rowColumns} FROM current c JOIN revisions r ON r.revision = c.revision AND r.sub = c.sub
       WHERE c.key >= ? AND c.key < ? ORDER BY c.key LIMIT ?`,
    );
    // SQLite takes the other columns from the row of the maximum (documented for a single max()).
    this.#past = connection.prepare(
      `SELECT * FROM (
         SELECT r.key, r.value, r.createRevision, max(r.revision) AS revision, r.version
         FROM revisions r WHERE r.key >= ? AND r.key < ? AND r.revision <= ? GROUP BY r.key)
       WHERE value IS NOT NULL ORDER BY key LIMIT ?`,
    );
    this.#changes = connection.prepare(
      `SELECT ${rowColumns} FROM revisions r
       WHERE r.revision >= ? AND r.revision <= ? AND r.key >= ? AND r.key < ? ORDER BY r.revision, r.sub`,
    );
  }

  number(name: 'revision' | 'compactedRevision' | 'appliedIndex' | 'appliedTerm'): number {
    return Number(this.#meta.get(name)?.value ?? 0);
  }

  text(name: 'configuration'): string | null {
    const value = this.#meta.get(name)?.value;
    return typeof value === 'string' ? value : null;
  }

  range(query: RangeQuery): RangeResult {
    const newest = this.number('revision');
    const wanted = query.revision ?? 0;
    if (wanted > newest) return { kind: 'future', revision: newest };
    const oldest = this.number('compactedRevision');
    if (wanted > 0 && wanted < oldest) return { kind: 'compacted', oldest };
    const limit = query.limit ?? 0;
    const end = query.end ?? after(query.key);
    // One more than asked for tells whether there are more; -1 is SQLite's "no limit".
    const most = limit === 0 ? -1 : limit + 1;
    const rows =
      wanted === 0 || wanted === newest
        ? this.#current.all(query.key, end, most)
        : this.#past.all(query.key, end, wanted, most);
    const more = limit > 0 && rows.length > limit;
    return {
      kind: 'range',
      revision: newest,
      items: (more ? rows.slice(0, limit) : rows).map(toKeyValue),
      more,
    };
  }

  get(key: Uint8Array): StoredKeyValue | null {
    const row = this.#current.get(key, after(key), 1);
    return row ? toKeyValue(row) : null;
  }

  /** Every change of the keys in the range from revision `from` on, whole revisions only, at most `most` revisions. */
  changes(
    range: { key: Uint8Array; end: Uint8Array | undefined },
    from: number,
    most: number,
  ): ChangesResult {
    const oldest = this.number('compactedRevision');
    if (from <= oldest && oldest > 0) return { kind: 'compacted', oldest: oldest + 1 };
    const through = Math.min(this.number('revision'), from + most - 1);
    const rows = this.#changes.all(from, through, range.key, range.end ?? after(range.key));
    return { kind: 'changes', changes: rows.map(toChange), through };
  }
}

function toKeyValue(row: Row): StoredKeyValue {
  const { key, value, createRevision, revision, version } = row;
  return { key, value: value ?? new Uint8Array(), createRevision, modifyRevision: revision, version };
}

function toChange(row: Row): Change {
  const { key, value, createRevision, revision, version } = row;
  return {
    revision,
    type: value === null ? 'delete' : 'put',
    key,
    value: value ?? new Uint8Array(),
    createRevision,
    version,
  };
}
