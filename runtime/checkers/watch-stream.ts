/**
 * Whether a watch told what happened: every change of the committed history in its range, in order of revision, none
 * twice, none left out, from where it began to where it ended (etcd's promise for watches).
 */

export interface SeenChange {
  readonly revision: number;
  readonly key: string;
  readonly type: 'put' | 'delete';
  readonly value: string;
}

/** A watch as its owner saw it, over all its connections. */
export interface WatchRecord {
  readonly name: string;
  /** The first revision asked for. */
  readonly from: number;
  readonly changes: readonly SeenChange[];
  /** The store said that everything up to here was taken into account. */
  readonly through: number;
  /** Revisions the store said it no longer has, from and through; they need not have been told. */
  readonly compacted: readonly { readonly from: number; readonly through: number }[];
}

/** What is wrong with the stream, in a sentence; null when nothing is. `history` is in order, one change a line. */
export function findWatchFault(record: WatchRecord, history: readonly SeenChange[]): string | null {
  const { name, from, through, changes, compacted } = record;
  const isCompacted = (revision: number): boolean =>
    compacted.some((gap) => revision >= gap.from && revision <= gap.through);
  const expected = history.filter(
    ({ revision }) => revision >= from && revision <= through && !isCompacted(revision),
  );
  // What a gap covers may have been told before it was compacted.
  const told = changes.filter(({ revision }) => !isCompacted(revision));
  for (let place = 0; place < Math.max(expected.length, told.length); place++) {
    const wanted = expected[place];
    const got = told[place];
    if (wanted !== undefined && got !== undefined && isSame(wanted, got)) continue;
    return `${name} from revision ${from}: change ${place + 1} should be ${describe(wanted)}, and is ${describe(got)}`;
  }
  return null;
}

function isSame(one: SeenChange, other: SeenChange): boolean {
  return describe(one) === describe(other);
}

function describe(change: SeenChange | undefined): string {
  if (change === undefined) return 'none';
  const { revision, key, type, value } = change;
  return `${type} ${key}=${value} at ${revision}`;
}
