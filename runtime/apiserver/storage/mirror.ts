/**
 * Follows the objects of a resource in the store, for what has to decide quickly and often: it is told of all that there is,
 * then of every change, in order. Where the connection to the store breaks it is told what has changed meanwhile.
 */
import type { Store } from '../../datastore/store.ts';
import { type ApiObject, decodeFromStore } from '../objects/object-bytes.ts';
import { ObjectStore } from './object-store.ts';
import { watchObjects } from './object-watch.ts';

export interface MirrorHandlers {
  readonly onPut: (object: ApiObject) => void;
  /** With the object as it was last. */
  readonly onRemove: (object: ApiObject) => void;
}

export interface Mirror {
  /** What there was at the beginning has been told. Never rejects: it is tried until it succeeds, or the mirror is closed. */
  readonly ready: Promise<void>;
  readonly close: () => void;
}

const againMilliseconds = 1_000;

/** @param prefix of a resource, with a slash at both ends */
export function mirrorObjects(store: Store, prefix: string, handlers: MirrorHandlers): Mirror {
  const closed = new AbortController();
  const ready = Promise.withResolvers<void>();
  const known = new Map<string, ApiObject>();
  const follow = async (): Promise<void> => {
    while (!closed.signal.aborted) {
      try {
        await followOnce({ store, prefix, handlers, known }, ready.resolve, closed.signal);
      } catch {
        // Said by whoever asks for something: here there is nobody to tell, and it is tried again.
        await pause(againMilliseconds, closed.signal);
      }
    }
    ready.resolve();
  };
  void follow();
  return { ready: ready.promise, close: () => closed.abort() };
}

interface Following {
  readonly store: Store;
  readonly prefix: string;
  readonly handlers: MirrorHandlers;
  /** By their places. */
  readonly known: Map<string, ApiObject>;
}

async function followOnce(following: Following, onReady: () => void, signal: AbortSignal): Promise<void> {
  const { store, prefix, known } = following;
  const { items, revision } = await new ObjectStore({ store, prefix }).list('', { kind: 'newest', limit: 0 });
  const there = new Set(items.map(({ place }) => place));
  for (const place of [...known.keys()]) if (!there.has(place)) remove(following, place);
  for (const { place, bytes, revision: own } of items) put(following, place, decodeFromStore(bytes, own));
  onReady();
  const watch = { store, prefix, startRevision: revision + 1, selects: null };
  const onEvents: Parameters<typeof watchObjects>[1]['onEvents'] = (events) => {
    for (const { type, bytes, revision: own } of events) {
      const object = decodeFromStore(bytes, own);
      const place = placeOf(object);
      if (type === 'DELETED') remove(following, place);
      else put(following, place, object);
    }
  };
  await watchObjects(watch, { onStarted: () => {}, onEvents }, signal);
}

function put({ known, handlers }: Following, place: string, object: ApiObject): void {
  if (known.get(place)?.metadata.resourceVersion === object.metadata.resourceVersion) return;
  known.set(place, object);
  handlers.onPut(object);
}

function remove({ known, handlers }: Following, place: string): void {
  const last = known.get(place);
  known.delete(place);
  if (last !== undefined) handlers.onRemove(last);
}

function placeOf({ metadata: { namespace = '', name = '' } }: ApiObject): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
