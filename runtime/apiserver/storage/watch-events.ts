/**
 * What a change in the store is to somebody who watches a part of the objects: one that comes into the part is added,
 * one that leaves it is deleted, whatever happened to the object itself. Pure.
 */
import type { Change } from '../../datastore/state-machine/model.ts';

/** The bytes are those of the store; `revision` becomes the object's resource version. */
export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly bytes: Uint8Array;
  readonly revision: number;
}

/** Whether an object, as it is stored, is in the part. */
export type Selects = (bytes: Uint8Array) => boolean;

/**
 * @param change with the version before.
 * @param selects null: the part is everything, and nothing has to be read.
 * @returns null: nothing that is seen; 'lost': what was deleted is not kept any more.
 */
export function toEvent(change: Change, selects: Selects | null): ObjectEvent | null | 'lost' {
  const revision = change.modifyRevision;
  const before = change.previous?.value ?? null;
  if (change.type === 'delete') {
    if (before === null) return 'lost';
    return selects === null || selects(before) ? { type: 'DELETED', bytes: before, revision } : null;
  }
  const isNew = change.version === 1;
  if (!isNew && before === null && selects !== null) return 'lost';
  const wasSeen = !isNew && (selects === null || selects(before as Uint8Array));
  const isSeen = selects === null || selects(change.value);
  if (isSeen) return { type: wasSeen ? 'MODIFIED' : 'ADDED', bytes: change.value, revision };
  // It leaves as it was last seen, with the version that made it leave.
  return wasSeen ? { type: 'DELETED', bytes: before as Uint8Array, revision } : null;
}
