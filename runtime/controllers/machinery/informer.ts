/**
 * A copy of the objects of a resource, kept up to date: a list in parts, then a watch, which goes on where it broke off, and a list
 * again where the server no longer knows what happened since. Whoever listens is told every state that the copy goes through, and
 * none twice. (k8s.io/client-go/tools/cache: Reflector, SharedIndexInformer)
 */
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { ApiError } from '../../apiserver/status.ts';
import type { Log } from '../../logging/log.ts';
import type { ApiClient, Listed } from '../client/api-client.ts';
import type { WatchEvent } from '../client/lists.ts';
import { keyOf } from '../client/places.ts';
import { type Clock, pause } from './clock.ts';
import { type Lister, objectIndex } from './object-index.ts';

/** One of both is there; both, where an object changed. */
export interface Change {
  readonly old: ApiObject | null;
  readonly next: ApiObject | null;
}

export interface Informer {
  readonly lister: Lister;
  /** Resolves when everything that was there at the beginning is known; never, where the informer is stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: () => boolean;
  /** First what is known already, as new. The listener must not throw. */
  readonly listen: (listener: (change: Change) => void) => void;
}

export interface InformerOptions {
  readonly client: ApiClient;
  readonly of: Listed;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

const pageSize = 500;
const firstPauseMilliseconds = 200;
const longestPauseMilliseconds = 30_000;

export function openInformer(options: InformerOptions): Informer {
  const index = objectIndex();
  const listeners: ((change: Change) => void)[] = [];
  const { promise: synced, resolve: finish } = Promise.withResolvers<void>();
  let isSynced = false;
  const tell = (old: ApiObject | null, next: ApiObject | null): void => {
    for (const listener of listeners) listener({ old, next });
  };
  const put = (object: ApiObject): void => {
    const next = trimmed(object, options.of.metadataOnly === true);
    const old = index.put(next);
    if (old?.metadata.resourceVersion === next.metadata.resourceVersion) return;
    const isAnother = old !== null && old.metadata.uid !== next.metadata.uid;
    if (isAnother) tell(old, null);
    tell(isAnother ? null : old, next);
  };
  const remove = (key: string): void => {
    const old = index.remove(key);
    if (old !== null) tell(old, null);
  };
  const copy: Copy = {
    put,
    remove,
    keys: () => index.lister.all().map(keyOf),
    onListed: () => {
      isSynced = true;
      finish();
    },
  };
  void follow(options, copy);
  return {
    ...{ lister: index.lister, synced, hasSynced: () => isSynced },
    listen: (listener) => {
      listeners.push(listener);
      for (const object of index.lister.all()) listener({ old: null, next: object });
    },
  };
}

interface Copy {
  readonly put: (object: ApiObject) => void;
  readonly remove: (key: string) => void;
  readonly keys: () => readonly string[];
  readonly onListed: () => void;
}

/** Until it is stopped. `through` is the version up to which the copy is complete; '' before there is one. */
async function follow(options: InformerOptions, copy: Copy): Promise<void> {
  const { clock, random, signal, log, of } = options;
  let through = '';
  let failures = 0;
  const advance = (version: string): void => {
    through = version;
    failures = 0;
  };
  while (!signal.aborted) {
    const startedMs = clock.now();
    try {
      if (through === '') {
        advance(await listAll(options, copy));
        copy.onListed();
      }
      await watchOn(options, copy, through, advance);
      // A watch that ends as soon as it has begun would be begun without a pause.
      if (clock.now() - startedMs > firstPauseMilliseconds) continue;
    } catch (error) {
      if (signal.aborted) return;
      const isTooOld = error instanceof ApiError && error.code === 410;
      if (isTooOld) through = '';
      else log.debug({ resource: of.resource, error: String(error) }, 'a watch has to be begun anew');
      if (isTooOld && failures === 0) continue;
    }
    const longest = Math.min(firstPauseMilliseconds * 2 ** failures, longestPauseMilliseconds);
    failures += 1;
    await pause(clock, longest * (0.5 + random() / 2), signal);
  }
}

/** What is not in the list is gone. @returns the list's version */
async function listAll(
  { client, of, signal }: InformerOptions,
  { put, remove, keys }: Copy,
): Promise<string> {
  const seen = new Set<string>();
  const objects: ApiObject[] = [];
  let next = '';
  let version = '';
  do {
    const wishes = next === '' ? { limit: pageSize } : { limit: pageSize, continue: next };
    const part = await client.list(of, wishes);
    if (signal.aborted) throw new ApiError('Timeout', 'stopped');
    objects.push(...part.items);
    next = part.continue;
    version = part.resourceVersion;
  } while (next !== '');
  for (const object of objects) seen.add(keyOf(object));
  for (const key of keys()) if (!seen.has(key)) remove(key);
  for (const object of objects) put(object);
  return version;
}

/** Each version of the store changes one object, so that a watch that breaks off goes on after the last one seen. */
async function watchOn(
  { client, of, signal }: InformerOptions,
  { put, remove }: Copy,
  through: string,
  advance: (version: string) => void,
): Promise<void> {
  const onEvent = ({ type, object }: WatchEvent): void => {
    if (type === 'ADDED' || type === 'MODIFIED') put(object);
    if (type === 'DELETED') remove(keyOf(object));
    advance(object.metadata.resourceVersion ?? '');
  };
  await client.watch(of, { resourceVersion: through }, onEvent, signal);
}

/**
 * Who owns which field is as long as the rest, and no controller reads it; a write without it leaves it as it is. Whoever asks for
 * metadata alone is interested in owners and in what holds a deletion up.
 */
function trimmed(object: ApiObject, metadataOnly: boolean): ApiObject {
  const { managedFields, labels, annotations, ...metadata } = object.metadata;
  if (metadataOnly) return { ...object, metadata };
  if (managedFields === undefined) return object;
  const texts = {
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { ...object, metadata: { ...metadata, ...texts } };
}
