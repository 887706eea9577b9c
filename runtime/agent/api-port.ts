/**
 * The port of the Kubernetes API on a member. What serves it is loaded for the first who asks: on most nodes nobody does for
 * long, and it takes memory.
 */
import type { Listener, ServerCertificate } from '../apiserver/http/listener.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { Credentials } from '../peers/trust.ts';
import type { ApiService } from './api-service.ts';

const tryAgainMilliseconds = 5_000;

export class ApiPort {
  readonly #config: ConfigInForce;
  readonly #store: Store;
  readonly #log: Log;
  #credentials: Credentials | null = null;
  #opening: Promise<Listener | null> | null = null;
  #service: Promise<ApiService> | null = null;
  readonly #nodeName: (id: string) => Promise<string | null>;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param nodeName of a member; null for one that is none any more */
  constructor(
    config: ConfigInForce,
    store: Store,
    log: Log,
    nodeName: (id: string) => Promise<string | null>,
  ) {
    this.#nodeName = nodeName;
    this.#config = config;
    this.#store = store;
    this.#log = log;
  }

  /** Opens the port with a member's credentials, or goes on with other ones from the next connection on. */
  use(credentials: Credentials): void {
    this.#credentials = credentials;
    if (this.#isClosed) return;
    this.#opening ??= this.#open(certificateOf(credentials));
    void this.#opening.then((listener) => listener?.renew(certificateOf(this.#credentials ?? credentials)));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const listener = await this.#opening;
    await listener?.close();
    await (await this.#service?.catch(() => null))?.close();
  }

  async #open(certificate: ServerCertificate): Promise<Listener | null> {
    const { openListener } = await import('../apiserver/http/listener.ts');
    const { address, port } = this.#config.api;
    try {
      const listener = await openListener({
        ...{ address, port, certificate },
        handle: async (request) => (await this.#load()).handle(request),
      });
      this.#log.info({ port: listener.port }, 'the Kubernetes API listens');
      return listener;
    } catch (error) {
      // The node is of use to the others all the same.
      this.#log.error(
        `The Kubernetes API cannot listen on port ${port} of ${address}: ${(error as Error).message}. End what has the port, or name another (api.port); it is tried again.`,
      );
      this.#timer = setTimeout(() => {
        this.#opening = null;
        if (this.#credentials !== null) this.use(this.#credentials);
      }, tryAgainMilliseconds);
      return null;
    }
  }

  #load(): Promise<ApiService> {
    this.#service ??= this.#begin();
    return this.#service;
  }

  async #begin(): Promise<ApiService> {
    const { openApiService } = await import('./api-service.ts');
    return openApiService({
      ...{ config: this.#config, store: this.#store, log: this.#log },
      credentials: () => this.#credentials as Credentials,
      nodeName: this.#nodeName,
    });
  }
}

function certificateOf({ privateKey, certificate, caCertificate }: Credentials): ServerCertificate {
  return { privateKey, certificate, caCertificate };
}
