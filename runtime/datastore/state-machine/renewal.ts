/**
 * Makes the state of one cluster the beginning of another: for a restored backup, and for a survivor that goes on
 * alone. What belonged to the old cluster itself goes; users' keys and leases stay.
 */
import type { Configuration } from '../../raft/types.ts';
import { prefixEnd } from './model.ts';
import { StateView } from './reading.ts';
import { firstId } from './revision-ids.ts';
import { asStateError, openForReading, openForWriting, type Writer } from './tables.ts';

/**
 * The newest revision is raised by this: clients may have seen revisions that the state does not have, and must not
 * take the ones that follow for those. Everything before is compacted, so that watches begin anew.
 */
export const revisionLeap = 1_000_000_000;

export interface Renewal {
  /** Keys that begin with this are the old cluster's own. */
  readonly ownPrefix: Uint8Array;
  /** Written into the new cluster's own keys, far fewer than a revision may change; may look at the old ones. */
  readonly records: (old: StateView) => readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  readonly configuration: Configuration;
  /** Users' keys whose values begin with this go too: the new cluster could not read them. Null: none do. */
  readonly worthless: Uint8Array | null;
}

/** Rewrites a state file that nobody has open. Returns its newest revision. Throws `StateError`. */
export function renewState(file: string, renewal: Renewal): number {
  const { ownPrefix, records, configuration, worthless } = renewal;
  const writer = openForWriting(file);
  try {
    return writer
      .transaction(() => {
        const view = new StateView(writer);
        const written = records(view);
        const range = [ownPrefix, prefixEnd(ownPrefix)];
        writer.prepare('DELETE FROM revisions WHERE key >= ? AND key < ?').run(...range);
        writer.prepare('DELETE FROM current WHERE key >= ? AND key < ?').run(...range);
        if (worthless !== null) forget(writer, worthless);
        writer.exec('DELETE FROM sessions; DELETE FROM answered; DELETE FROM alarms;');
        const revision = view.number('revision') + revisionLeap;
        const addRevision = writer.prepare(
          'INSERT INTO revisions (id, key, value, createRevision, version, lease) VALUES (?, ?, ?, ?, 1, 0)',
        );
        const addCurrent = writer.prepare(
          'INSERT INTO current (key, id, createRevision, version, lease) VALUES (?, ?, ?, 1, 0)',
        );
        for (const [place, { key, value }] of written.entries()) {
          const id = firstId(revision) + place;
          addRevision.run(id, key, value, revision);
          addCurrent.run(key, id, revision);
        }
        const setMeta = writer.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
        setMeta.run('revision', revision);
        setMeta.run('compactedRevision', revision);
        setMeta.run('configuration', JSON.stringify(configuration));
        return revision;
      })
      .immediate();
  } catch (error) {
    throw asStateError(error, file);
  } finally {
    writer.close();
  }
}

/** How many keys have values that begin so. */
export function countValues(file: string, beginning: Uint8Array): number {
  const reader = openForReading(file);
  try {
    const count = reader.prepare(`SELECT count(*) AS number FROM (${keysOfValues})`);
    return (count.get(beginning.length, beginning) as { number: number }).number;
  } catch (error) {
    throw asStateError(error, file);
  } finally {
    reader.close();
  }
}

const keysOfValues =
  'SELECT current.key FROM current JOIN revisions ON revisions.id = current.id WHERE substr(revisions.value, 1, ?) = ?';

function forget(writer: Writer, beginning: Uint8Array): void {
  const keys = writer.prepare(keysOfValues).pluck().all(beginning.length, beginning);
  const statements = ['revisions', 'current', 'leaseKeys'].map((table) =>
    writer.prepare(`DELETE FROM ${table} WHERE key = ?`),
  );
  for (const key of keys) for (const statement of statements) statement.run(key);
}
