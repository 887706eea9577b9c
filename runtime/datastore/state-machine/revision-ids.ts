/** Ids of rows in `revisions`: the revision, and the place among its changes (`tables.ts`). */
import { mostChangesInARevision } from './tables.ts';

/** The id of the first change of a revision. */
export function firstId(revision: number): number {
  return revision * mostChangesInARevision;
}

export function revisionOf(id: number): number {
  return Math.floor(id / mostChangesInARevision);
}
