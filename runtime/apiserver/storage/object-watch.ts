/**
 * A watch of objects in the store, from any kept revision on: no event twice, none left out, whichever node serves it.
 * (k8s.io/apiserver/pkg/storage/etcd3/watcher.go)
 */
import { type Change, prefixEnd } from '../../datastore/state-machine/model.ts';
import { type Store, StoreError } from '../../datastore/store.ts';
import { ApiError } from '../status.ts';
import { type Conversion, servedBytes } from './object-store.ts';
import { type ObjectEvent, type Selects, toEvent } from './watch-events.ts';

export interface ObjectWatchOptions {
  readonly store: Store;
  /** Everything whose key begins so; ends with a slash. */
  readonly prefix: string;
  /** The first revision that is reported. */
  readonly startRevision: number;
  /** null: all. Asked of objects in the version that is served. */
  readonly selects: Selects | null;
  /** null: what is stored is what is served. */
  readonly conversion?: Conversion | null;
}

export interface ObjectWatchHandlers {
  /** `through` tells at any time up to which revision everything was handed over: what a bookmark may promise. */
  readonly onStarted: (through: () => number) => void;
  /** In order; return a promise to be waited for. Never empty. */
  readonly onEvents: (events: readonly ObjectEvent[]) => void | Promise<void>;
}

/**
 * Resolves when `signal` aborts. Rejects with `ApiError`: 'Expired' where the start is not kept any more, or the watch
 * fell back behind what is kept; the client lists anew.
 */
export async function watchObjects(
  { store, prefix, startRevision, selects, conversion = null }: ObjectWatchOptions,
  handlers: ObjectWatchHandlers,
  signal: AbortSignal,
): Promise<void> {
  const key = Buffer.from(prefix);
  const request = { key, end: prefixEnd(key), startRevision, previous: true };
  try {
    await store.watch(
      request,
      {
        onStarted: (_, through) => handlers.onStarted(through),
        onBatch: async ({ changes }) => {
          const events = (await asServed(changes, conversion))
            .map((change) => toEvent(change, selects))
            .filter((event) => event !== null);
          if (events.includes('lost')) throw expired(startRevision, null);
          const seen = events as readonly ObjectEvent[];
          if (seen.length > 0) await handlers.onEvents(seen);
        },
      },
      signal,
    );
  } catch (error) {
    throw toWatchError(error, startRevision);
  }
}

async function asServed(
  changes: readonly Change[],
  conversion: Conversion | null,
): Promise<readonly Change[]> {
  if (conversion === null) return changes;
  const stored = changes.flatMap((change) => [
    change.type === 'delete' ? null : change.value,
    change.previous?.value,
  ]);
  const there = stored.filter((bytes) => bytes !== null && bytes !== undefined);
  const served = (await servedBytes(there, conversion)).values();
  const next = (): Uint8Array => served.next().value as Uint8Array;
  return changes.map((change) => {
    const value = change.type === 'delete' ? change.value : next();
    const { previous } = change;
    if (previous === undefined || previous === null) return { ...change, value };
    return { ...change, value, previous: { ...previous, value: next() } };
  });
}

function toWatchError(error: unknown, startRevision: number): unknown {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'compacted') return expired(startRevision, error.revision ?? null);
  // It would be the same again.
  if (error.code === 'invalid') return new ApiError('InternalError', error.message);
  return new ApiError('ServiceUnavailable', `the watch has ended: ${error.message}`, {
    retryAfterSeconds: 1,
  });
}

function expired(startRevision: number, oldest: number | null): ApiError {
  const kept = oldest === null ? '' : ` (${oldest})`;
  return new ApiError('Expired', `too old resource version: ${startRevision - 1}${kept}`);
}
