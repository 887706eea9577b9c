/**
 * A watch, from its words to its end: what there is, what happens, and bookmarks, until the client has enough or the time
 * is over. (k8s.io/apiserver/pkg/endpoints/handlers/watch.go)
 */
import type { Store } from '../../datastore/store.ts';
import { ApiError } from '../status.ts';
import { watchObjects } from '../storage/object-watch.ts';
import type { Selects } from '../storage/watch-events.ts';
import { planWatch, type WatchPlan } from '../storage/watch-plan.ts';
import { type ApiRequest, answerOptionsOf, belowOf, formOf, type Service } from './api-request.ts';
import { isSelected, readSelection, type Selection } from './select.ts';
import type { ServedKind } from './served-kind.ts';
import { type WatchFrames, watchFrames } from './watch-frames.ts';

/** Where the events go. A promise is waited for: the client is slow. */
export type Sink = (frame: Uint8Array) => void | Promise<void>;

export interface OpenWatch {
  readonly mediaType: string;
  /**
   * Sends until `signal` aborts or the time is over. Never rejects with `ApiError`: from here on errors are events.
   */
  readonly run: (sink: Sink, signal: AbortSignal) => Promise<void>;
}

const bookmarkMilliseconds = 60_000;
/** Without a wish of the client a watch ends after 30 to 60 minutes, so that not all come back at once. */
const shortestSeconds = 1_800;

/** @param random from 0 to 1. @throws ApiError, which is answered as a Status */
export function openWatch(
  service: Service & { readonly store: Store },
  kind: ServedKind,
  request: ApiRequest,
  random: number,
): OpenWatch {
  // Each event is one line, whoever looks at it.
  const form = { ...formOf(request, kind), pretty: false };
  const selection = readSelection(kind, request.query);
  const plan = planOf(request.query);
  const seconds = readTimeout(request.query.get('timeoutSeconds') ?? '', random);
  const frames = watchFrames(kind, answerOptionsOf(service, request, form));
  const bookmarks =
    request.query.get('allowWatchBookmarks') === 'true' || request.query.get('allowWatchBookmarks') === '1';
  const below = belowOf(request.info);
  const run = async (sink: Sink, signal: AbortSignal): Promise<void> => {
    const over = new AbortController();
    const end = (): void => over.abort();
    const timer = setTimeout(end, seconds * 1000);
    signal.addEventListener('abort', end, { once: true });
    kind.ended?.addEventListener('abort', end, { once: true });
    if (signal.aborted || kind.ended?.aborted === true) end();
    const ended = over.signal;
    const watch = { kind, below, selection, plan, frames, bookmarks, sink, store: service.store };
    try {
      await follow(watch, ended);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (!ended.aborted) await sink(frames.error(error.toStatus()));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      kind.ended?.removeEventListener('abort', end);
    }
  };
  return { mediaType: frames.mediaType, run };
}

interface Watch {
  readonly kind: ServedKind;
  readonly store: Store;
  readonly below: string;
  readonly selection: Selection;
  readonly plan: WatchPlan;
  readonly frames: WatchFrames;
  readonly bookmarks: boolean;
  readonly sink: Sink;
}

async function follow(watch: Watch, signal: AbortSignal): Promise<void> {
  const { plan } = watch;
  const after = plan.kind === 'after' ? plan.revision : await sendState(watch, plan);
  if (signal.aborted) return;
  const { kind, below, store, frames, sink } = watch;
  // A write and a bookmark must not overtake each other.
  let sending: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const onStarted = (through: () => number): void => {
    if (!watch.bookmarks) return;
    timer = setInterval(() => {
      void sending.then(() => sink(frames.bookmark(through(), false))).catch(() => {});
    }, bookmarkMilliseconds);
  };
  const onEvents: Parameters<typeof watchObjects>[1]['onEvents'] = (events) => {
    const busy = events.map((event) => sink(frames.event(event))).filter((promise) => promise !== undefined);
    if (busy.length === 0) return;
    sending = Promise.all(busy).then(() => {});
    return sending;
  };
  const prefix = `${kind.resource.storage?.prefix}${below}`;
  const startRevision = after === null ? 0 : after + 1;
  try {
    await watchObjects(
      { store, prefix, startRevision, selects: selectsOf(watch), conversion: kind.conversion },
      { onStarted, onEvents },
      signal,
    );
  } finally {
    clearInterval(timer);
  }
}

/** Everything that is there, as added. @returns the revision up to which it is told. */
async function sendState(
  { kind, below, selection, frames, sink }: Watch,
  plan: Extract<WatchPlan, { kind: 'fromState' }>,
): Promise<number> {
  const { least } = plan;
  const list =
    least === null
      ? ({ kind: 'newest', limit: 0 } as const)
      : least === 0
        ? ({ kind: 'any', limit: 0 } as const)
        : ({ kind: 'notOlderThan', revision: least, limit: 0 } as const);
  const { items, revision } = await kind.objects.list(below, list);
  for (const item of items) {
    if (!isSelected(kind, item, selection)) continue;
    await sink(frames.event({ type: 'ADDED', bytes: item.bytes, revision: item.revision }));
  }
  if (plan.marksEnd) await sink(frames.bookmark(revision, true));
  return revision;
}

function selectsOf({ kind, selection }: Watch): Selects | null {
  if (selection.labels.length === 0 && selection.fields.length === 0) return null;
  return (bytes) => isSelected(kind, { place: '', bytes, revision: 0 }, selection);
}

function planOf(query: URLSearchParams): WatchPlan {
  const word = (name: string): string => query.get(name) ?? '';
  const truth = (name: string): '' | 'true' | 'false' => {
    const text = word(name);
    if (text === '') return '';
    return text === 'false' || text === '0' ? 'false' : 'true';
  };
  return planWatch({
    resourceVersion: word('resourceVersion'),
    resourceVersionMatch: word('resourceVersionMatch'),
    sendInitialEvents: truth('sendInitialEvents'),
    allowWatchBookmarks: truth('allowWatchBookmarks') === 'true',
  });
}

function readTimeout(text: string, random: number): number {
  if (text === '' || /^0+$/.test(text)) return shortestSeconds * (1 + random);
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), 2_000_000);
  throw new ApiError(
    'BadRequest',
    `timeoutSeconds: Invalid value: ${JSON.stringify(text)}: not a whole number of seconds`,
  );
}
