/** The Kubernetes API of a member: its port, and what serves it, once the node knows the cluster's keys. */
import type { HttpAnswer, HttpRequest } from '../apiserver/http/exchange.ts';
import type { Listener, ServerCertificate } from '../apiserver/http/listener.ts';
import type { ApiKeys } from '../cluster/api-keys.ts';
import type { ConfigInForce } from '../config/cluster-settings.ts';
import type { Store } from '../datastore/store.ts';
import type { Log } from '../logging/log.ts';
import type { Credentials } from '../peers/trust.ts';
import type { ApiCluster, ApiService } from './api-service.ts';

const tryAgainMilliseconds = 5_000;
const closingMilliseconds = 2_000;
/** For what the service needs to be known. */
const patienceMilliseconds = 10_000;

export class ApiPort {
  readonly #config: ConfigInForce;
  readonly #store: Store;
  readonly #log: Log;
  #credentials: Credentials | null = null;
  /** The service begins when there are some. */
  readonly #keys = Promise.withResolvers<ApiKeys>();
  #latestKeys: ApiKeys | null = null;
  #opening: Promise<Listener | null> | null = null;
  #service: Promise<ApiService> | null = null;
  #running: ApiService | null = null;
  readonly #cluster: ApiCluster;
  #isClosed = false;
  #closing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(config: ConfigInForce, store: Store, log: Log, cluster: ApiCluster) {
    this.#cluster = cluster;
    this.#config = config;
    this.#store = store;
    this.#log = log;
  }

  /** Opens the port with a member's credentials, or goes on with other ones from the next connection on. */
  use(credentials: Credentials): void {
    this.#credentials = credentials;
    if (this.#isClosed || !this.#config.api.enabled) return;
    this.#opening ??= this.#open(certificateOf(credentials));
    void this.#opening.then((listener) => listener?.renew(certificateOf(this.#credentials ?? credentials)));
    this.#beginWhenReady();
  }

  takeKeys(keys: ApiKeys): void {
    this.#latestKeys = keys;
    this.#keys.resolve(keys);
    this.#beginWhenReady();
  }

  /** Not for the first who asks: the controllers stand for election. Keys may come before credentials. */
  #beginWhenReady(): void {
    const isReady = this.#credentials !== null && this.#latestKeys !== null;
    if (!isReady || this.#isClosed || !this.#config.api.enabled) return;
    this.#load().catch((error: unknown) => {
      this.#log.error(`The Kubernetes API cannot be served: ${String(error)}`);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const listener = await this.#opening;
    await listener?.close();
    // It may never have begun.
    const service = this.#latestKeys === null ? null : await this.#service?.catch(() => null);
    // What cannot be said to a cluster that does not answer is left unsaid.
    if (service)
      await within(
        closingMilliseconds,
        service.close().then(() => null),
      );
  }

  async #open(certificate: ServerCertificate): Promise<Listener | null> {
    const { openListener } = await import('../apiserver/http/listener.ts');
    const { address, port } = this.#config.api;
    try {
      const listener = await openListener({
        ...{ address, port, certificate },
        handle: (request) => this.#handle(request),
        upgrades: (path) => this.#running?.upgrades(path) === true,
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

  /** A node that has just come to its cluster may not know all that it needs to serve. */
  async #handle(request: HttpRequest): Promise<HttpAnswer> {
    const service = await within(patienceMilliseconds, this.#load());
    if (service !== null) return await service.handle(request);
    const text =
      'This node does not know the keys of the Kubernetes API yet, which a voter tells it: ask again, or another node.\n';
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '1' };
    return { code: 503, headers, body: [Buffer.from(text)] };
  }

  #load(): Promise<ApiService> {
    this.#service ??= this.#begin();
    return this.#service;
  }

  async #begin(): Promise<ApiService> {
    const { openApiService } = await import('./api-service.ts');
    const first = await this.#keys.promise;
    this.#running = openApiService({
      keys: () => this.#latestKeys ?? first,
      ...{ config: this.#config, store: this.#store, log: this.#log },
      credentials: () => this.#credentials as Credentials,
      cluster: this.#cluster,
    });
    return this.#running;
  }
}

/** Null when it takes longer. */
async function within<Result>(milliseconds: number, result: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}

function certificateOf({ privateKey, certificate, caCertificate }: Credentials): ServerCertificate {
  return { privateKey, certificate, caCertificate };
}
