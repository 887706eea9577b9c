/**
 * A watch on an external etcd that outlives its connections: after each it begins anew behind the last revision that
 * was delivered whole, so nothing is left out and nothing comes twice.
 */
import { type Clock, pause } from '../clock.ts';
import type { Change } from '../state-machine/model.ts';
import { StoreError, type WatchHandlers, type WatchRequest } from '../store.ts';
import { type EtcdClient, type EtcdStream, method } from './etcd-client.ts';
import { rangeEndFrom } from './from-model.ts';
import type { Message } from './messages.ts';
import { toNumber } from './numbers.ts';
import { grpcCode, toStoreError } from './status.ts';
import { changeTo } from './to-model.ts';

const watchMethod = method('Watch/Watch', 'WatchRequest', 'WatchResponse');
const pauseMilliseconds = 200;

interface Position {
  /** The first revision still to be delivered; 0: what happens from now on. */
  next: number;
  started: boolean;
  /** Changes of a revision whose other fragments are still to come. */
  held: Change[];
}

/** Runs until `signal` aborts; rejects when it cannot go on. */
export async function watchEtcd(
  client: EtcdClient,
  clock: Clock,
  request: WatchRequest,
  handlers: WatchHandlers,
  signal: AbortSignal,
): Promise<void> {
  const position: Position = { next: request.startRevision, started: false, held: [] };
  while (!signal.aborted) {
    try {
      await watchOnce(client, request, handlers, position, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StoreError) || error.code !== 'unavailable' || client.isClosed) throw error;
      position.held = [];
      await pause(clock, pauseMilliseconds);
    }
  }
}

/** One stream, from its beginning to its end. */
async function watchOnce(
  client: EtcdClient,
  request: WatchRequest,
  handlers: WatchHandlers,
  position: Position,
  signal: AbortSignal,
): Promise<void> {
  const stream = await client.stream(watchMethod);
  const stop = (): void => stream.cancel();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    stream.write({
      createRequest: {
        key: request.key,
        rangeEnd: rangeEndFrom(request),
        startRevision: position.next,
        prevKv: request.previous,
        // Without fragments one large revision would be one large message.
        fragment: true,
      },
    });
    await readStream(stream, async (message) => {
      if (!signal.aborted) await take(message, request, handlers, position);
    });
  } finally {
    signal.removeEventListener('abort', stop);
    stream.cancel();
  }
}

/** Hands over one message after the other; the stream waits while one is dealt with. */
async function readStream(
  stream: EtcdStream<'WatchRequest', 'WatchResponse'>,
  handle: (message: Message<'WatchResponse'>) => Promise<void>,
): Promise<void> {
  try {
    for await (const message of stream) await handle(message as Message<'WatchResponse'>);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const { code, details } = error as { code?: number; details?: string };
    throw typeof code === 'number' ? toStoreError(code, details ?? String(error)) : error;
  }
  throw toStoreError(grpcCode.unavailable, 'etcd ended the watch');
}

async function take(
  message: Message<'WatchResponse'>,
  request: WatchRequest,
  handlers: WatchHandlers,
  position: Position,
): Promise<void> {
  if (message.canceled) throw cancelled(message);
  const revision = toNumber(message.header?.revision ?? 0);
  if (message.created) {
    if (position.next === 0) position.next = revision + 1;
    if (!position.started) {
      position.started = true;
      handlers.onStarted(revision, () => position.next - 1);
    }
  }
  for (const event of message.events) position.held.push(changeTo(event, request.previous === true));
  const last = position.held.at(-1);
  if (message.fragment || last === undefined) return;
  const changes = position.held;
  position.held = [];
  position.next = last.modifyRevision + 1;
  await handlers.onBatch({ changes, revision: last.modifyRevision });
}

function cancelled(message: Message<'WatchResponse'>): StoreError {
  const oldest = toNumber(message.compactRevision);
  if (oldest > 0) {
    return new StoreError(
      'compacted',
      `the revision is compacted; the oldest that can be watched from is ${oldest}`,
      oldest,
    );
  }
  return new StoreError('invalid', message.cancelReason || 'etcd refused the watch');
}
