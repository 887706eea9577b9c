/** The main thread's end of the core thread: starts it, asks it, hears of its end. */
import { MessageChannel, type Worker } from 'node:worker_threads';
import { AdminRefusal } from '../admin/server.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import { realSurroundings } from '../datastore/clock.ts';
import { RemoteCore } from '../datastore/core-port.ts';
import { EmbeddedStore } from '../datastore/embedded-store.ts';
import type { Store } from '../datastore/store.ts';
import type { Credentials } from '../peers/trust.ts';
import type { FromCore, ToCore } from './core-protocol.ts';
import { startWorker } from './start-worker.ts';

export interface CoreEvents {
  readonly onReady: () => void;
  /** The node is a member, and needs no secret or token any more. */
  readonly onEnrolled: () => void;
  /** The node is a member; again when its certificate is another one. */
  readonly onCredentials: (credentials: Credentials) => void;
  readonly onApiKeys: (keys: ApiKeys) => void;
  readonly onStatusText: (text: string) => void;
  readonly onLog: (line: string) => void;
  /** The status with the machine's own part in it. */
  readonly onAskStatus: () => Promise<unknown>;
  /** The core ended although nobody asked it to; `message` is for a person. */
  readonly onFatal: (message: string) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly emit: ((event: unknown) => void) | undefined;
}

export class CoreClient {
  /** The datastore, for what is served on this thread. */
  readonly store: Store;
  readonly #worker: Worker;
  readonly #events: CoreEvents;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #stopping: (() => void) | null = null;

  /** @param externalStore in place of the embedded one. */
  constructor(config: ConfigInForce, externalStore: Store | null, events: CoreEvents) {
    this.#events = events;
    const { port1, port2 } = new MessageChannel();
    this.store = externalStore ?? new EmbeddedStore(new RemoteCore(port1), realSurroundings.random);
    this.#worker = startWorker({ role: 'core', config, storePort: port2 }, [port2]);
    this.#worker.on('message', (message: FromCore) => this.#onMessage(message));
    this.#worker.on('error', (error) =>
      events.onFatal(`The core thread failed: ${error.stack ?? error.message}`),
    );
    this.#worker.on('exit', (code) => this.#onExit(code));
  }

  /** Asks the core; rejects with `AdminRefusal`. Aborting `signal` cancels a stream. */
  request(
    method: string,
    params: Readonly<Record<string, unknown>>,
    options: { readonly emit?: (event: unknown) => void; readonly signal?: AbortSignal } = {},
  ): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, emit: options.emit });
      options.signal?.addEventListener('abort', () => this.#post({ type: 'cancel', id }), { once: true });
      this.#post({ type: 'request', id, method, params });
    });
  }

  /** Asks the core to stop in good order and waits until it has. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#stopping = resolve;
      this.#post({ type: 'stop' });
    });
  }

  /** Ends the thread, after `stop`; what was not answered yet is refused. */
  async close(): Promise<void> {
    this.#stopping ??= () => {};
    await this.#worker.terminate();
    const refusal = new AdminRefusal('stopped', 'The node stops: ask again in a moment.');
    for (const { reject } of this.#waiting.values()) reject(refusal);
    this.#waiting.clear();
  }

  #post(message: ToCore): void {
    this.#worker.postMessage(message);
  }

  #onMessage(message: FromCore): void {
    switch (message.type) {
      case 'result':
        this.#take(message.id)?.resolve(message.result);
        break;
      case 'error':
        this.#take(message.id)?.reject(new AdminRefusal(message.code, message.message));
        break;
      case 'event':
        this.#waiting.get(message.id)?.emit?.(message.event);
        break;
      case 'log':
        this.#events.onLog(message.line);
        break;
      case 'askStatus':
        this.#answerStatus(message.id);
        break;
      case 'ready':
        this.#events.onReady();
        break;
      case 'enrolled':
        this.#events.onEnrolled();
        break;
      case 'credentials':
        this.#events.onCredentials(message.credentials);
        break;
      case 'apiKeys':
        this.#events.onApiKeys(message.keys);
        break;
      case 'statusText':
        this.#events.onStatusText(message.text);
        break;
      case 'fatal':
        this.#events.onFatal(message.message);
        break;
      case 'stopped':
        this.#stopping?.();
        break;
    }
  }

  #answerStatus(id: number): void {
    this.#events.onAskStatus().then(
      (status) => this.#post({ type: 'status', id, status, problem: null }),
      (error: Error) => this.#post({ type: 'status', id, status: null, problem: error.message }),
    );
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #onExit(code: number): void {
    if (this.#stopping) this.#stopping();
    else this.#events.onFatal(`The core thread ended unexpectedly (code ${code}).`);
  }
}
