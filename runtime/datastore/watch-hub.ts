/**
 * Watches over one stream of live changes. A watcher reads history until it has caught up with the stream and is then
 * fed from it. One that is slow, or for which the stream has a gap, goes back to reading history: nothing is queued for
 * it, so a thousand slow watchers cost no memory, and none misses or repeats a change.
 */
import { after, type Change, type KeyRange } from './state-machine/model.ts';
import { StoreError, type WatchHandlers, type WatchRequest } from './store.ts';
import type { LiveChanges, StoreCore } from './store-core.ts';

interface Watcher {
  readonly range: Required<Pick<KeyRange, 'key'>> & { readonly end: Uint8Array };
  readonly previous: boolean;
  readonly onBatch: WatchHandlers['onBatch'];
  /** Everything before this revision has been delivered. */
  next: number;
  /** Fed from the stream; else it reads history by itself. */
  live: boolean;
  /** Called when it is to read history again, or to end. */
  wake: () => void;
  /** Called when whom the changes were handed to has failed: the watch ends with it. */
  fail: (error: unknown) => void;
}

export class WatchHub {
  readonly #core: StoreCore;
  readonly #watchers = new Set<Watcher>();
  #stop: (() => void) | null = null;
  /** The stream has delivered everything up to here; null before its first word. */
  #through: number | null = null;
  /** The stream has begun. */
  #firstWord = Promise.withResolvers<void>();
  #previous = false;

  constructor(core: StoreCore) {
    this.#core = core;
  }

  /** Resolves when `signal` aborts. Rejects with `StoreError` when it cannot go on. */
  async watch(request: WatchRequest, handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    // "From now on" begins behind every write that was confirmed, also those this node has not applied yet.
    const newest = await this.#core.revision({ serializable: request.startRevision !== 0 });
    const watcher: Watcher = {
      range: { key: request.key, end: request.end ?? after(request.key) },
      previous: request.previous === true,
      onBatch: handlers.onBatch,
      next: request.startRevision === 0 ? newest + 1 : request.startRevision,
      live: false,
      wake: () => {},
      fail: () => {},
    };
    handlers.onStarted(newest, () => watcher.next - 1);
    this.#add(watcher);
    const onAbort = (): void => watcher.wake();
    signal.addEventListener('abort', onAbort);
    try {
      await this.#feed(watcher, signal);
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#remove(watcher);
    }
  }

  async #feed(watcher: Watcher, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = watcher.next;
      if (!this.#isCaughtUp(watcher)) await this.#readHistory(watcher, signal);
      // The state here may be behind what was told before, when the node became a replica anew: then there is nothing
      // to read yet, and asking again at once would hold up the thread for ever.
      if (watcher.next !== before || signal.aborted) continue;
      watcher.live = true;
      await new Promise<void>((resolve, reject) => {
        watcher.wake = resolve;
        watcher.fail = reject;
      });
      watcher.live = false;
    }
  }

  #isCaughtUp(watcher: Watcher): boolean {
    return this.#through !== null && watcher.next > this.#through;
  }

  async #readHistory(watcher: Watcher, signal: AbortSignal): Promise<void> {
    const page = await this.#core.changes(watcher.next, watcher.previous);
    if (page.kind === 'compacted') {
      const text = `revision ${watcher.next} is compacted; the oldest that can be watched is ${page.oldest}`;
      throw new StoreError('compacted', text, page.oldest);
    }
    if (signal.aborted) return;
    await this.#deliver(watcher, page.changes, page.through);
    if (this.#through === null) await this.#firstWord.promise;
  }

  #deliver(watcher: Watcher, changes: readonly Change[], through: number): void | Promise<void> {
    const { key, end } = watcher.range;
    const from = watcher.next;
    const wanted = changes.filter(
      (change) =>
        change.modifyRevision >= from &&
        Buffer.compare(change.key, key) >= 0 &&
        Buffer.compare(change.key, end) < 0,
    );
    watcher.next = Math.max(watcher.next, through + 1);
    if (wanted.length === 0) return;
    const seen = watcher.previous ? wanted : wanted.map(withoutPrevious);
    return watcher.onBatch({ changes: seen, revision: through });
  }

  #onLive({ changes, since, through, gap }: LiveChanges): void {
    const followsOn = !gap && (this.#through === null || this.#through === since);
    // After a gap the stream may go on from an older state.
    this.#through = gap ? through : Math.max(this.#through ?? 0, through);
    this.#firstWord.resolve();
    for (const watcher of this.#watchers) {
      if (!watcher.live) continue;
      const busy = followsOn && watcher.next > since ? this.#deliver(watcher, changes, through) : null;
      // Behind, or still at work with this batch: it catches up from history when it is ready.
      if (busy === null) watcher.wake();
      else if (busy !== undefined) this.#waitFor(watcher, busy);
    }
  }

  #waitFor(watcher: Watcher, busy: Promise<void>): void {
    watcher.live = false;
    const { wake, fail } = watcher;
    busy.then(wake, fail);
  }

  #add(watcher: Watcher): void {
    this.#watchers.add(watcher);
    if (this.#stop !== null && (!watcher.previous || this.#previous)) return;
    this.#stop?.();
    this.#previous ||= watcher.previous;
    this.#stop = this.#core.listen(this.#previous, (live) => this.#onLive(live));
  }

  #remove(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#stop?.();
    this.#stop = null;
    this.#through = null;
    this.#firstWord = Promise.withResolvers();
    this.#previous = false;
  }
}

const stripped = new WeakMap<Change, Change>();

/**
 * The stream brings previous versions to all as soon as one watcher asks for them. All who did not ask share one copy
 * of the change, so that it is encoded once for all of them.
 */
function withoutPrevious(change: Change): Change {
  if (change.previous === undefined) return change;
  let without = stripped.get(change);
  if (without === undefined) {
    const { previous: _previous, ...rest } = change;
    without = rest;
    stripped.set(change, without);
  }
  return without;
}
