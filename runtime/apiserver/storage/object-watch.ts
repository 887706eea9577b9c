/**
 * A watch of objects in the store, from any kept revision on: no event twice, none left out, whichever node serves it.
 * (k8s.io/apiserver/pkg/storage/etcd3/watcher.go)
 */
import { prefixEnd } from '../../datastore/state-machine/model.ts';
import { type Store, StoreError } from '../../datastore/store.ts';
import { ApiError } from '../status.ts';
import { type ObjectEvent, type Selects, toEvent } from './watch-events.ts';

export interface ObjectWatchOptions {
  readonly store: Store;
  /** Everything whose key begins so; ends with a slash. */
  readonly prefix: string;
  /** The first revision that is reported. */
  readonly startRevision: number;
  /** null: all. */
  readonly selects: Selects | null;
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
  { store, prefix, startRevision, selects }: ObjectWatchOptions,
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
          const events = changes.map((change) => toEvent(change, selects)).filter((event) => event !== null);
          if (events.includes('lost')) throw expired(startRevision, null);
          if (events.length > 0) await handlers.onEvents(events as readonly ObjectEvent[]);
        },
      },
      signal,
    );
  } catch (error) {
    throw toWatchError(error, startRevision);
  }
}

function toWatchError(error: unknown, startRevision: number): unknown {
  if (!(error instanceof StoreError)) return error;
  if (error.code === 'compacted') return expired(startRevision, error.revision ?? null);
  return new ApiError('ServiceUnavailable', `the watch has ended: ${error.message}`, {
    retryAfterSeconds: 1,
  });
}

function expired(startRevision: number, oldest: number | null): ApiError {
  const kept = oldest === null ? '' : ` (${oldest})`;
  return new ApiError('Expired', `too old resource version: ${startRevision - 1}${kept}`);
}
