/**
 * A `StoreCore` on another thread: both ends of the message port between them. What is said in one turn of the event
 * loop travels as one message, because each message costs more than most requests.
 */
import type { MessagePort } from 'node:worker_threads';
import { StoreError, type StoreErrorCode } from './store.ts';
import type { LiveChanges, StoreCore } from './store-core.ts';

type Method = Exclude<keyof StoreCore, 'listen'>;

type ToCore =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: Method;
      readonly values: readonly unknown[];
    }
  | { readonly type: 'listen'; readonly id: number; readonly previous: boolean }
  | { readonly type: 'stop'; readonly id: number };

type FromCore =
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | {
      readonly type: 'error';
      readonly id: number;
      readonly code: StoreErrorCode;
      readonly message: string;
      readonly revision: number | undefined;
    }
  | { readonly type: 'live'; readonly id: number; readonly live: LiveChanges };

/** Sends what was said in one turn of the event loop together. */
class Outbox<Message> {
  readonly #port: MessagePort;
  #waiting: Message[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  send(message: Message): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const messages = this.#waiting;
    this.#waiting = [];
    this.#port.postMessage(messages);
  }
}

/** The core thread's end. `find` gives the core; it throws `StoreError` as long as there is none. */
export function serveCore(port: MessagePort, find: () => StoreCore): void {
  const outbox = new Outbox<FromCore>(port);
  const streams = new Map<number, () => void>();
  const fail = (id: number, error: unknown): void => {
    const { code, message, revision } = asStoreError(error);
    outbox.send({ type: 'error', id, code, message, revision });
  };
  const serve = (message: ToCore): void => {
    const { id } = message;
    switch (message.type) {
      case 'call':
        call(find, message).then(
          (result) => outbox.send({ type: 'result', id, result }),
          (error: unknown) => fail(id, error),
        );
        break;
      case 'listen':
        try {
          const stop = find().listen(message.previous, (live) => outbox.send({ type: 'live', id, live }));
          streams.set(id, stop);
        } catch (error) {
          fail(id, error);
        }
        break;
      case 'stop':
        streams.get(id)?.();
        streams.delete(id);
        break;
    }
  };
  port.on('message', (messages: readonly ToCore[]) => {
    for (const message of messages) serve(message);
  });
}

async function call(
  find: () => StoreCore,
  { method, values }: Extract<ToCore, { type: 'call' }>,
): Promise<unknown> {
  const core = find();
  return (core[method] as (...values: unknown[]) => Promise<unknown>).apply(core, [...values]);
}

function asStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  return new StoreError('unavailable', error instanceof Error ? error.message : String(error));
}

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: StoreError) => void;
}

/** The other end. */
export class RemoteCore implements StoreCore {
  readonly #outbox: Outbox<ToCore>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (live: LiveChanges) => void>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#outbox = new Outbox(port);
    port.on('message', (messages: readonly FromCore[]) => {
      for (const message of messages) this.#hear(message);
    });
  }

  execute: StoreCore['execute'] = (body) => this.#call('execute', body);
  page: StoreCore['page'] = (query) => this.#call('page', query);
  changes: StoreCore['changes'] = (from, previous) => this.#call('changes', from, previous);
  revision: StoreCore['revision'] = () => this.#call('revision');
  keepLeaseAlive: StoreCore['keepLeaseAlive'] = (id) => this.#call('keepLeaseAlive', id);
  lease: StoreCore['lease'] = (id, withKeys) => this.#call('lease', id, withKeys);
  leases: StoreCore['leases'] = () => this.#call('leases');
  status: StoreCore['status'] = () => this.#call('status');
  disarm: StoreCore['disarm'] = (alarm) => this.#call('disarm', alarm);
  defragment: StoreCore['defragment'] = () => this.#call('defragment');
  hash: StoreCore['hash'] = (revision) => this.#call('hash', revision);
  openSnapshot: StoreCore['openSnapshot'] = () => this.#call('openSnapshot');
  snapshotPiece: StoreCore['snapshotPiece'] = (id, offset) => this.#call('snapshotPiece', id, offset);
  closeSnapshot: StoreCore['closeSnapshot'] = (id) => this.#call('closeSnapshot', id);

  listen(previous: boolean, listener: (live: LiveChanges) => void): () => void {
    const id = this.#nextId();
    this.#listeners.set(id, listener);
    this.#outbox.send({ type: 'listen', id, previous });
    return () => {
      this.#listeners.delete(id);
      this.#outbox.send({ type: 'stop', id });
    };
  }

  #call<Result>(method: Method, ...values: unknown[]): Promise<Result> {
    const id = this.#nextId();
    return new Promise<Result>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#outbox.send({ type: 'call', id, method, values });
    });
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #hear(message: FromCore): void {
    if (message.type === 'live') {
      this.#listeners.get(message.id)?.(message.live);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'result') waiting?.resolve(message.result as never);
    else waiting?.reject(new StoreError(message.code, message.message, message.revision));
  }
}
