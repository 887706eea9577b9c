/**
 * A `StoreCore` on another thread: both ends of the message port between them. What is said in one turn of the event
 * loop travels as one message, because each message costs more than most requests.
 */
import type { MessagePort } from 'node:worker_threads';
import {
  decodeLive,
  decodePage,
  decodePageQuery,
  encodeLive,
  encodePage,
  encodePageQuery,
  type Packet,
  pack,
  unpack,
} from './port-codec.ts';
import { encodeBody } from './state-machine/command-codec.ts';
import { decodeResult, encodeResult } from './state-machine/result-codec.ts';
import { StoreError, type StoreErrorCode } from './store.ts';
import type { LiveChanges, StoreCore } from './store-core.ts';

/** Those that are said seldom, and travel as objects. */
type Method = Exclude<keyof StoreCore, 'listen' | 'execute' | 'executeEncoded' | 'page'>;

type ToCore =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly method: Method;
      readonly values: readonly unknown[];
    }
  | { readonly type: 'executions' | 'pages'; readonly packed: Uint8Array }
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
  | { readonly type: 'executions' | 'pages' | 'live'; readonly packed: Uint8Array };

type PackedType = Extract<ToCore | FromCore, { packed: Uint8Array }>['type'];

/** Sends what was said in one turn of the event loop together. */
class Outbox {
  readonly #port: MessagePort;
  #waiting: (ToCore | FromCore)[] = [];
  #packets = new Map<PackedType, Packet[]>();
  #scheduled = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  send(message: ToCore | FromCore): void {
    this.#waiting.push(message);
    this.#schedule();
  }

  sendPacked(type: PackedType, id: number, data: Uint8Array): void {
    const packets = this.#packets.get(type);
    if (packets === undefined) this.#packets.set(type, [{ id, data }]);
    else packets.push({ id, data });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    const messages = this.#waiting;
    const buffers: ArrayBuffer[] = [];
    for (const [type, packets] of this.#packets) {
      const packed = pack(packets);
      buffers.push(packed.buffer);
      messages.push({ type, packed } as ToCore | FromCore);
    }
    this.#waiting = [];
    this.#packets.clear();
    this.#port.postMessage(messages, buffers);
  }
}

/** The core thread's end. `find` gives the core; it throws `StoreError` as long as there is none. */
export function serveCore(port: MessagePort, find: () => StoreCore): void {
  const outbox = new Outbox(port);
  const streams = new Map<number, () => void>();
  const fail = (id: number, error: unknown): void => {
    const { code, message, revision } = asStoreError(error);
    outbox.send({ type: 'error', id, code, message, revision });
  };
  const listen = ({ id, previous }: Extract<ToCore, { type: 'listen' }>): void => {
    try {
      const hear = (live: LiveChanges): void => outbox.sendPacked('live', id, encodeLive(live));
      streams.set(id, find().listen(previous, hear));
    } catch (error) {
      fail(id, error);
    }
  };
  const execute = ({ id, data }: Packet): void => {
    whenFound(find, (core) => core.executeEncoded(data)).then(
      (result) => outbox.sendPacked('executions', id, encodeResult(result)),
      (error: unknown) => fail(id, error),
    );
  };
  const readPage = ({ id, data }: Packet): void => {
    whenFound(find, (core) => core.page(decodePageQuery(data))).then(
      (page) => outbox.sendPacked('pages', id, encodePage(page)),
      (error: unknown) => fail(id, error),
    );
  };
  const serve = (message: ToCore): void => {
    switch (message.type) {
      case 'executions':
        for (const packet of unpack(message.packed)) execute(packet);
        break;
      case 'pages':
        for (const packet of unpack(message.packed)) readPage(packet);
        break;
      case 'call':
        call(find, message).then(
          (result) => outbox.send({ type: 'result', id: message.id, result }),
          (error: unknown) => fail(message.id, error),
        );
        break;
      case 'listen':
        listen(message);
        break;
      case 'stop':
        streams.get(message.id)?.();
        streams.delete(message.id);
        break;
    }
  };
  port.on('message', (messages: readonly ToCore[]) => {
    for (const message of messages) serve(message);
  });
}

async function whenFound<Result>(
  find: () => StoreCore,
  work: (core: StoreCore) => Promise<Result>,
): Promise<Result> {
  return work(find());
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
  readonly #outbox: Outbox;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<number, (live: LiveChanges) => void>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#outbox = new Outbox(port);
    port.on('message', (messages: readonly FromCore[]) => {
      for (const message of messages) this.#hear(message);
    });
  }

  execute: StoreCore['execute'] = (body) => this.executeEncoded(encodeBody(body));
  executeEncoded: StoreCore['executeEncoded'] = async (body) =>
    decodeResult(await this.#callPacked('executions', body));
  page: StoreCore['page'] = async (query) =>
    decodePage(await this.#callPacked('pages', encodePageQuery(query)));
  changes: StoreCore['changes'] = (from, previous) => this.#call('changes', from, previous);
  revision: StoreCore['revision'] = (query) => this.#call('revision', query);
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

  #callPacked(type: 'executions' | 'pages', data: Uint8Array): Promise<Uint8Array> {
    const id = this.#nextId();
    return new Promise<Uint8Array>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#outbox.sendPacked(type, id, data);
    });
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #hear(message: FromCore): void {
    switch (message.type) {
      case 'live':
        for (const { id, data } of unpack(message.packed)) this.#listeners.get(id)?.(decodeLive(data));
        break;
      case 'executions':
      case 'pages':
        for (const { id, data } of unpack(message.packed)) this.#take(id)?.resolve(data as never);
        break;
      case 'result':
        this.#take(message.id)?.resolve(message.result as never);
        break;
      case 'error':
        this.#take(message.id)?.reject(new StoreError(message.code, message.message, message.revision));
        break;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
