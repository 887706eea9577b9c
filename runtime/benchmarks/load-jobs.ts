/** What the client's process does when asked: the same code against either side, by grpc-js and our codecs. */
import * as grpc from '@grpc/grpc-js';
import { type Codec, codec, type Draft, type Message, type MessageName } from '../datastore/etcd/messages.ts';

export type Job =
  | { readonly kind: 'fill'; readonly endpoint: string; readonly keys: number; readonly valueBytes: number }
  | {
      readonly kind: 'load';
      readonly operation: 'put' | 'get' | 'getSerializable' | 'range';
      readonly endpoint: string;
      readonly inFlight: number;
      readonly milliseconds: number;
    }
  | { readonly kind: 'puts'; readonly endpoint: string; readonly count: number }
  | {
      readonly kind: 'watch';
      readonly endpoints: readonly string[];
      readonly watchers: number;
      readonly puts: number;
    }
  | {
      readonly kind: 'fault';
      readonly endpoints: readonly string[];
      readonly pid: number;
      readonly signal: 'SIGKILL' | 'SIGTERM';
    };

/** Milliseconds, sorted, and how long the whole took. */
export interface Measured {
  readonly latencies: readonly number[];
  readonly elapsedMilliseconds: number;
  /** The longest time without an answer that was a success; only of faults. */
  readonly longestGap?: number;
}

export const keyCount = 10_000;
export const valueBytes = 256;
const rangeKeys = 1_000;

export const keyOf = (index: number): Buffer =>
  Buffer.from(`bench/${String(index % keyCount).padStart(8, '0')}`);
const value = Buffer.alloc(valueBytes, 'v');

/** A caller with one or more connections to one endpoint. */
export class Caller {
  readonly #clients: grpc.Client[];
  #next = 0;

  constructor(endpoint: string, connections: number) {
    const options = {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_channelz': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
    };
    this.#clients = Array.from(
      { length: connections },
      () => new grpc.Client(endpoint, grpc.credentials.createInsecure(), options),
    );
  }

  #client(): grpc.Client {
    this.#next = (this.#next + 1) % this.#clients.length;
    return this.#clients[this.#next]!;
  }

  call<Q extends MessageName, R extends MessageName>(
    method: Method<Q, R>,
    request: Draft<Q>,
    limitMilliseconds = 30_000,
  ): Promise<Message<R>> {
    return new Promise((resolve, reject) => {
      this.#client().makeUnaryRequest(
        method.path,
        method.request.encode as (message: Draft<Q>) => Buffer,
        method.response.decode,
        request,
        { deadline: Date.now() + limitMilliseconds },
        (error, response) => (error ? reject(error) : resolve(response!)),
      );
    });
  }

  stream<Q extends MessageName, R extends MessageName>(
    method: Method<Q, R>,
  ): grpc.ClientDuplexStream<Draft<Q>, Message<R>> {
    return this.#client().makeBidiStreamRequest(
      method.path,
      method.request.encode as (message: Draft<Q>) => Buffer,
      method.response.decode,
    );
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

interface Method<Q extends MessageName, R extends MessageName> {
  readonly path: string;
  readonly request: Codec<Q>;
  readonly response: Codec<R>;
}

export const put: Method<'PutRequest', 'PutResponse'> = {
  path: '/etcdserverpb.KV/Put',
  request: codec('PutRequest'),
  response: codec('PutResponse'),
};
const range: Method<'RangeRequest', 'RangeResponse'> = {
  path: '/etcdserverpb.KV/Range',
  request: codec('RangeRequest'),
  response: codec('RangeResponse'),
};
export const watch: Method<'WatchRequest', 'WatchResponse'> = {
  path: '/etcdserverpb.Watch/Watch',
  request: codec('WatchRequest'),
  response: codec('WatchResponse'),
};

type Load = Extract<Job, { kind: 'load' }>;

/** So many requests in flight, each followed by the next, until the time is over. */
export async function runLoad({ operation, endpoint, inFlight, milliseconds }: Load): Promise<Measured> {
  const caller = new Caller(endpoint, inFlight > 64 ? 4 : 1);
  const once = operations[operation];
  const latencies: number[] = [];
  try {
    // Connections are made before the clock starts.
    await Promise.all(Array.from({ length: 8 }, (_, index) => once(caller, index)));
    const startedAt = performance.now();
    const end = startedAt + milliseconds;
    const runner = async (runnerIndex: number): Promise<void> => {
      for (let round = 0; ; round += 1) {
        const before = performance.now();
        if (before >= end) return;
        await once(caller, runnerIndex * 7_919 + round);
        latencies.push(performance.now() - before);
      }
    };
    await Promise.all(Array.from({ length: inFlight }, (_, index) => runner(index)));
    return { latencies: latencies.sort(ascending), elapsedMilliseconds: performance.now() - startedAt };
  } finally {
    caller.close();
  }
}

const operations: Readonly<Record<Load['operation'], (caller: Caller, index: number) => Promise<unknown>>> = {
  put: (caller, index) => caller.call(put, { key: keyOf(index), value }),
  get: (caller, index) => caller.call(range, { key: keyOf(index) }),
  getSerializable: (caller, index) => caller.call(range, { key: keyOf(index), serializable: true }),
  async range(caller, index) {
    const start = index % (keyCount - rangeKeys);
    const answer = await caller.call(range, {
      key: keyOf(start),
      rangeEnd: Buffer.from('bench0'),
      limit: rangeKeys,
    });
    if (answer.kvs.length !== rangeKeys)
      throw new Error(`a range gave ${answer.kvs.length} keys of ${rangeKeys}`);
  },
};

/** Writes keys that do not change any more while memory is looked at. */
export async function fill(job: Extract<Job, { kind: 'fill' }>): Promise<Measured> {
  const caller = new Caller(job.endpoint, 1);
  const startedAt = performance.now();
  let next = 0;
  const runner = async (): Promise<void> => {
    while (next < job.keys) {
      await caller.call(put, { key: keyOf(next++), value });
    }
  };
  await Promise.all(Array.from({ length: 32 }, runner));
  caller.close();
  return { latencies: [], elapsedMilliseconds: performance.now() - startedAt };
}

/** One write after the other, as a quiet cluster has them. */
export async function puts(job: Extract<Job, { kind: 'puts' }>): Promise<Measured> {
  const caller = new Caller(job.endpoint, 1);
  const latencies: number[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < job.count; index += 1) {
    const before = performance.now();
    await caller.call(put, { key: keyOf(index), value });
    latencies.push(performance.now() - before);
  }
  caller.close();
  return { latencies: latencies.sort(ascending), elapsedMilliseconds: performance.now() - startedAt };
}

export function ascending(a: number, b: number): number {
  return a - b;
}
