/** Changes on their way to a client of etcd: filtered as it asked, split where it can put them together, encoded. */
import type { Change } from '../state-machine/model.ts';
import { eventFrom } from './from-model.ts';
import { codec } from './messages.ts';

const events = codec('Event');
const filterPut = 0;
const filterDelete = 1;
/** Of the events in one response, where the client can put fragments together; as etcd. */
const fragmentBytes = 1536 * 1024;

/** Whether the client asked to be spared this change. */
export function isFiltered(change: Change, filters: readonly number[]): boolean {
  return filters.includes(change.type === 'put' ? filterPut : filterDelete);
}

export function splitBySize(changes: readonly Change[]): readonly (readonly Change[])[] {
  const parts: Change[][] = [[]];
  let size = 0;
  for (const change of changes) {
    const bytes = change.key.length + change.value.length + (change.previous?.value.length ?? 0);
    if (size > 0 && size + bytes > fragmentBytes) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(change);
    size += bytes;
  }
  return parts;
}

const encodedEvents = new WeakMap<Change, Uint8Array>();

/** A change that a thousand watchers see is encoded once. */
export function encodeEvent(change: Change): Uint8Array {
  let encoded = encodedEvents.get(change);
  if (encoded === undefined) {
    encoded = events.encode(eventFrom(change));
    encodedEvents.set(change, encoded);
  }
  return encoded;
}
