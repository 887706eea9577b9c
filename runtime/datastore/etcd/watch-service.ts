/**
 * etcd's Watch service over a store: one stream of a client carries any number of watches. A client that reads slowly
 * slows its own watches down, because each waits for room in the stream before it takes the next batch.
 */
import type { Clock } from '../clock.ts';
import type { Change } from '../state-machine/model.ts';
import { type Store, StoreError, type WatchBatch } from '../store.ts';
import type { HeaderSource } from './header.ts';
import { codec, type Draft, type Message } from './messages.ts';
import { toNumber } from './numbers.ts';
import { hideOwnKeys, isEmptyRange } from './own-keys.ts';
import { decodeSafely, type StreamCall, type StreamMethod } from './rpc-server.ts';
import { etcdText } from './status.ts';
import { keyRangeTo } from './to-model.ts';
import { encodeEvent, isFiltered, splitBySize } from './watch-events.ts';

const requests = codec('WatchRequest');
const responses = codec('WatchResponse');
/** The number of `events` in a response. */
const eventsField = 11;
/** Of one stream; each costs memory here and in the store. */
const mostWatches = 10_000;
const progressMilliseconds = 10 * 60 * 1_000;
/** The id of answers that belong to no watch. */
const noWatch = -1;

interface Watch {
  readonly id: number;
  readonly request: Message<'WatchCreateRequest'>;
  readonly stop: AbortController;
  /** Nothing up to this revision is still to come. */
  revision: number;
  announced: boolean;
  /** A batch waits for the client to read. */
  delivering: boolean;
  /** Of the store: what it has handed over. */
  through: () => number;
}

export function watchService(
  store: Store,
  headers: HeaderSource,
  clock: Clock,
): readonly (readonly [string, StreamMethod])[] {
  const handle = (call: StreamCall): Promise<void> => new WatchStream(store, headers, clock, call).run();
  return [['Watch/Watch', { kind: 'stream', handle }]];
}

class WatchStream {
  readonly #store: Store;
  readonly #headers: HeaderSource;
  readonly #clock: Clock;
  readonly #call: StreamCall;
  readonly #watches = new Map<number, Watch>();
  /** Rejects when the store cannot go on with a watch; the client then begins anew, elsewhere. */
  readonly #broken = Promise.withResolvers<never>();
  #nextId = 0;

  constructor(store: Store, headers: HeaderSource, clock: Clock, call: StreamCall) {
    this.#store = store;
    this.#headers = headers;
    this.#clock = clock;
    this.#call = call;
  }

  async run(): Promise<void> {
    const stopProgress = this.#clock.every(progressMilliseconds, () => this.#notifyProgress());
    try {
      await Promise.race([this.#readRequests(), this.#broken.promise]);
    } finally {
      stopProgress();
      for (const watch of this.#watches.values()) watch.stop.abort();
      this.#watches.clear();
    }
  }

  async #readRequests(): Promise<void> {
    for await (const bytes of this.#call.requests) {
      const message = decodeSafely(requests.decode, bytes);
      if (message.createRequest) await this.#create(message.createRequest);
      else if (message.cancelRequest) await this.#cancel(toNumber(message.cancelRequest.watchId));
      else if (message.progressRequest) await this.#answerProgress();
    }
  }

  async #create(request: Message<'WatchCreateRequest'>): Promise<void> {
    const refusal = this.#refuse(request);
    if (refusal !== null) {
      const header = await this.#headers.newest();
      const refused = { header, watchId: noWatch, created: true, canceled: true, cancelReason: refusal };
      await this.#send(refused);
      return;
    }
    const asked = toNumber(request.watchId);
    const watch: Watch = {
      id: asked === 0 ? this.#chooseId() : asked,
      request,
      stop: new AbortController(),
      revision: 0,
      announced: false,
      delivering: false,
      through: () => 0,
    };
    this.#watches.set(watch.id, watch);
    this.#follow(watch).catch((error) => this.#broken.reject(error));
  }

  /** Why etcd would not begin this watch, or null. */
  #refuse(request: Message<'WatchCreateRequest'>): string | null {
    if (toNumber(request.startRevision) < 0) return etcdText.compacted;
    if (isEmptyRange(rangeOf(request))) return 'mvcc: watcher range is empty';
    if (this.#watches.has(toNumber(request.watchId)) && toNumber(request.watchId) !== 0) {
      return 'mvcc: duplicate watch ID provided on the WatchStream';
    }
    if (this.#watches.size >= mostWatches) return `a stream carries at most ${mostWatches} watches`;
    return null;
  }

  #chooseId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId += 1;
    return this.#nextId++;
  }

  async #follow(watch: Watch): Promise<void> {
    const { request } = watch;
    try {
      await this.#store.watch(
        { ...rangeOf(request), startRevision: toNumber(request.startRevision), previous: request.prevKv },
        {
          onStarted: (revision, through) => this.#announce(watch, revision, through),
          onBatch: (batch) => this.#deliver(watch, batch),
        },
        watch.stop.signal,
      );
    } catch (error) {
      if (!this.#isActive(watch)) return;
      await this.#end(watch, error);
    }
  }

  #isActive(watch: Watch): boolean {
    return this.#watches.get(watch.id) === watch;
  }

  #announce(watch: Watch, revision: number, through: () => number): void {
    if (!this.#isActive(watch)) return;
    watch.announced = true;
    watch.through = through;
    // From a revision that was asked for, everything since is still to come.
    const start = toNumber(watch.request.startRevision);
    watch.revision = start === 0 ? revision : Math.min(start - 1, revision);
    this.#send({ header: this.#headers.header(revision), watchId: watch.id, created: true });
  }

  /** Answers at once where the client has room: a promise would take the watch off the stream of live changes. */
  #deliver(watch: Watch, batch: WatchBatch): void | Promise<void> {
    const { filters, fragment } = watch.request;
    const wanted =
      filters.length === 0 ? batch.changes : batch.changes.filter((change) => !isFiltered(change, filters));
    const parts = fragment ? splitBySize(wanted) : [wanted];
    if (parts.length > 1) return this.#deliverParts(watch, batch.revision, parts);
    const room = wanted.length === 0 ? undefined : this.#sendChanges(watch, batch.revision, wanted, false);
    if (room === undefined) {
      watch.revision = batch.revision;
      return;
    }
    watch.delivering = true;
    return room.then(() => {
      watch.delivering = false;
      watch.revision = batch.revision;
    });
  }

  async #deliverParts(watch: Watch, revision: number, parts: readonly (readonly Change[])[]): Promise<void> {
    watch.delivering = true;
    for (const [index, part] of parts.entries()) {
      await this.#sendChanges(watch, revision, part, index < parts.length - 1);
    }
    watch.delivering = false;
    watch.revision = revision;
  }

  #sendChanges(
    watch: Watch,
    revision: number,
    changes: readonly Change[],
    fragment: boolean,
  ): Promise<void> | undefined {
    if (!this.#isActive(watch)) return undefined;
    const response = { header: this.#headers.header(revision), watchId: watch.id, fragment };
    return this.#call.send(
      responses.encodeFramed(response, { id: eventsField, messages: changes.map(encodeEvent) }),
    );
  }

  /** The store gave the watch up. Only what can be better elsewhere ends the whole stream. */
  async #end(watch: Watch, error: unknown): Promise<void> {
    if (!(error instanceof StoreError) || (error.code !== 'compacted' && error.code !== 'invalid'))
      throw error;
    const header = await this.#headers.newest();
    if (!watch.announced) await this.#send({ header, watchId: watch.id, created: true });
    this.#watches.delete(watch.id);
    const compacted = error.code === 'compacted';
    await this.#send({
      header,
      watchId: watch.id,
      canceled: true,
      compactRevision: compacted ? (error.revision ?? 1) : 0,
      cancelReason: compacted ? etcdText.compacted : error.message,
    });
  }

  async #cancel(id: number): Promise<void> {
    const watch = this.#watches.get(id);
    if (watch === undefined) return;
    this.#watches.delete(id);
    watch.stop.abort();
    await this.#send({ header: this.#headers.header(watch.revision), watchId: id, canceled: true });
  }

  /** What every watch of the stream has behind it. Without watches: everything. */
  async #answerProgress(): Promise<void> {
    const newest = (await this.#headers.newest()).revision ?? 0;
    const revisions = [...this.#watches.values()].map(revisionBehind);
    const revision = Math.min(toNumber(newest), ...revisions);
    await this.#send({ header: this.#headers.header(revision), watchId: noWatch });
  }

  #notifyProgress(): void {
    for (const watch of this.#watches.values()) {
      if (!watch.request.progressNotify || !watch.announced) continue;
      this.#send({ header: this.#headers.header(revisionBehind(watch)), watchId: watch.id });
    }
  }

  #send(response: Draft<'WatchResponse'>): Promise<void> | undefined {
    return this.#call.send(responses.encodeFramed(response));
  }
}

/** Up to where nothing more comes for this watch: what was sent, or handed over and not wanted. */
function revisionBehind(watch: Watch): number {
  return watch.delivering ? watch.revision : Math.max(watch.revision, watch.through());
}

/** A watch on the empty key is one on every key. */
function rangeOf(request: Message<'WatchCreateRequest'>): ReturnType<typeof keyRangeTo> {
  const key = request.key.length === 0 ? Uint8Array.of(0) : request.key;
  return hideOwnKeys(keyRangeTo(key, request.rangeEnd));
}
