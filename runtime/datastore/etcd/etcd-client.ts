/**
 * Calls to an etcd cluster: one connection an endpoint, one endpoint at a time, and the next when that one fails. A
 * call is repeated only where its caller says that it may be, or where it cannot have left this process.
 */
import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { type Clock, pause } from '../clock.ts';
import { StoreError } from '../store.ts';
import { type Codec, codec, type Draft, type Message, type MessageName } from './messages.ts';
import { grpcCode, toStoreError } from './status.ts';

export interface EtcdTlsFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface EtcdClientOptions {
  /** `http://HOST:PORT`, or `https://HOST:PORT` with `tls`. */
  readonly endpoints: readonly string[];
  readonly tls?: EtcdTlsFiles | undefined;
  readonly clock: Clock;
  readonly limitMilliseconds?: number;
}

/** A method by its full name, and the messages it takes and gives. */
export interface Method<Q extends MessageName, R extends MessageName> {
  readonly path: string;
  readonly request: Codec<Q>;
  readonly response: Codec<R>;
}

export function method<Q extends MessageName, R extends MessageName>(
  path: string,
  request: Q,
  response: R,
): Method<Q, R> {
  return { path: `/etcdserverpb.${path}`, request: codec(request), response: codec(response) };
}

export type EtcdStream<Q extends MessageName, R extends MessageName> = grpc.ClientDuplexStream<
  Draft<Q>,
  Message<R>
>;

const defaultLimitMilliseconds = 8_000;
/** An endpoint that has not taken our connection by then is passed over. */
const connectMilliseconds = 1_500;
/** One try of a call that may be repeated. */
const attemptMilliseconds = 3_000;
const pauseMilliseconds = 100;
/** Between two endpoints, all of which may refuse at once. */
const turnMilliseconds = 20;

const channelOptions: grpc.ChannelOptions = {
  // etcd gives up connections that ask for a sign of life more often than every five seconds.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_channelz': 0,
  // Each store has connections of its own, so that closing one leaves the others alone.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config_disable_resolution': 1,
};

export class EtcdClient {
  readonly #options: EtcdClientOptions;
  readonly #clients: readonly grpc.Client[];
  #current = 0;
  #closed = false;

  constructor(options: EtcdClientOptions) {
    this.#options = options;
    if (options.endpoints.length === 0) {
      throw new StoreError(
        'invalid',
        'datastore.etcd.endpoints is empty: name at least one endpoint of the etcd cluster',
      );
    }
    const credentials = options.tls
      ? grpc.credentials.createSsl(
          readFileSync(options.tls.ca),
          readFileSync(options.tls.key),
          readFileSync(options.tls.certificate),
        )
      : grpc.credentials.createInsecure();
    this.#clients = options.endpoints.map(
      (endpoint) => new grpc.Client(endpoint.replace(/^https?:\/\//, ''), credentials, channelOptions),
    );
  }

  /**
   * One request, one answer.
   * @param repeatable the request may reach etcd twice without harm, so it is sent again when its answer is lost.
   */
  async call<Q extends MessageName, R extends MessageName>(
    to: Method<Q, R>,
    request: Draft<Q>,
    repeatable: boolean,
  ): Promise<Message<R>> {
    const { clock } = this.#options;
    const deadline = clock.now() + (this.#options.limitMilliseconds ?? defaultLimitMilliseconds);
    for (;;) {
      const client = await this.connected(deadline);
      const left = deadline - clock.now();
      try {
        return await unary(client, to, request, repeatable ? Math.min(left, attemptMilliseconds) : left);
      } catch (error) {
        const failure = error as grpc.ServiceError;
        const storeError = toStoreError(failure.code, failure.details ?? failure.message);
        if (storeError.code !== 'unavailable') throw storeError;
        this.#giveUp(client);
        if (!repeatable && !wasNotSent(failure)) throw answerIsLost(storeError);
        if (this.#closed || clock.now() + pauseMilliseconds > deadline) throw storeError;
      }
      await pause(clock, pauseMilliseconds);
    }
  }

  /** A stream on an endpoint that answers. It ends with its connection; to begin again is the caller's business. */
  async stream<Q extends MessageName, R extends MessageName>(to: Method<Q, R>): Promise<EtcdStream<Q, R>> {
    const deadline =
      this.#options.clock.now() + (this.#options.limitMilliseconds ?? defaultLimitMilliseconds);
    const client = await this.connected(deadline);
    const stream = client.makeBidiStreamRequest(
      to.path,
      to.request.encode as (message: Draft<Q>) => Buffer,
      to.response.decode,
    );
    stream.on('error', (error: grpc.ServiceError) => {
      if (error.code === grpcCode.unavailable) this.#giveUp(client);
    });
    return stream;
  }

  /** The current endpoint's client once it is connected, or the next one's. */
  async connected(deadline: number): Promise<grpc.Client> {
    for (;;) {
      const client = this.#clients[this.#current]!;
      if (this.#closed) throw new StoreError('unavailable', 'the store is closed');
      if (client.getChannel().getConnectivityState(true) === grpc.connectivityState.READY) return client;
      const left = deadline - this.#options.clock.now();
      if (left <= 0) {
        throw new StoreError(
          'unavailable',
          `no etcd endpoint answers: ${this.#options.endpoints.join(', ')}`,
        );
      }
      if (await becomesReady(client, Math.min(left, connectMilliseconds))) return client;
      this.#giveUp(client);
      await pause(this.#options.clock, turnMilliseconds);
    }
  }

  /** The next endpoint's turn, unless another call has turned already. */
  #giveUp(client: grpc.Client): void {
    if (this.#clients[this.#current] === client) this.#current = (this.#current + 1) % this.#clients.length;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close();
  }
}

/** False as soon as the endpoint has refused, or is silent for so long. */
async function becomesReady(client: grpc.Client, milliseconds: number): Promise<boolean> {
  const channel = client.getChannel();
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === grpc.connectivityState.READY) return true;
    if (state === grpc.connectivityState.TRANSIENT_FAILURE) return false;
    const changed = await new Promise<boolean>((resolve) => {
      channel.watchConnectivityState(state, deadline, (error) => resolve(!error));
    });
    if (!changed) return false;
  }
}

function unary<Q extends MessageName, R extends MessageName>(
  client: grpc.Client,
  to: Method<Q, R>,
  request: Draft<Q>,
  milliseconds: number,
): Promise<Message<R>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      to.path,
      to.request.encode as (message: Draft<Q>) => Buffer,
      to.response.decode,
      request,
      { deadline: Date.now() + milliseconds },
      (error, response) => (error ? reject(error) : resolve(response!)),
    );
  });
}

/** The end of a request that may not be sent twice. */
function answerIsLost({ message }: StoreError): StoreError {
  return new StoreError(
    'unavailable',
    `the answer of etcd is lost (${message}): read whether it was done before you do it again`,
  );
}

/** gRPC gave up before it had a connection to put the request on. */
function wasNotSent(error: grpc.ServiceError): boolean {
  return (
    error.code === grpcCode.unavailable &&
    /^No connection established|^Name resolution failed/.test(error.details)
  );
}
