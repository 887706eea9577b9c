/** A client of etcd's API that sends whatever it is told, right or wrong: frames and headers by hand. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { createConnection } from 'node:net';
import { codec, type Draft, type Message, type MessageName } from '../etcd/messages.ts';

export interface RawAnswer {
  readonly code: number;
  readonly text: string;
  readonly body: Buffer;
}

const limitMilliseconds = 10_000;

export class RawClient implements Disposable {
  readonly #session: ClientHttp2Session;

  constructor(socket: string) {
    this.#session = connect('http://localhost', { createConnection: () => createConnection(socket) });
    this.#session.on('error', () => {});
  }

  open(path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
    const stream = this.#session.request({
      ':method': 'POST',
      ':path': `/etcdserverpb.${path}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    return stream;
  }

  /** Sends these bytes and ends the request. */
  send(path: string, bytes: Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
    const stream = this.open(path, headers);
    const answer = answerOf(stream);
    stream.end(bytes);
    return answer;
  }

  /** A request as it should be; rejects with etcd's text when it is refused. */
  async call<Q extends MessageName, R extends MessageName>(
    path: string,
    request: Q,
    response: R,
    message: Draft<Q>,
  ): Promise<Message<R>> {
    const { code, text, body } = await this.send(path, codec(request).encodeFramed(message));
    if (code !== 0) throw Object.assign(new Error(text), { code });
    return codec(response).decode(body.subarray(5));
  }

  /** A stream of messages both ways. */
  talk<Q extends MessageName, R extends MessageName>(path: string, request: Q, response: R): Talk<Q, R> {
    return new Talk(this.open(path), codec(request).encodeFramed, codec(response).decode);
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }
}

export function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let status: Record<string, unknown> = {};
    const timer = setTimeout(() => reject(new Error('no answer within 10 s')), limitMilliseconds);
    const note = (headers: Record<string, unknown>): void => {
      if (headers['grpc-status'] !== undefined) status = headers;
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('close', () => {
      clearTimeout(timer);
      const code = Number(status['grpc-status'] ?? -1);
      resolve({
        code,
        text: decodeURIComponent(String(status['grpc-message'] ?? '')),
        body: Buffer.concat(chunks),
      });
    });
  });
}

export class Talk<Q extends MessageName, R extends MessageName> {
  readonly stream: ClientHttp2Stream;
  readonly received: Message<R>[] = [];
  readonly #encode: (message: Draft<Q>) => Uint8Array;
  #rest = Buffer.alloc(0);

  constructor(
    stream: ClientHttp2Stream,
    encode: (message: Draft<Q>) => Uint8Array,
    decode: (bytes: Uint8Array) => Message<R>,
  ) {
    this.stream = stream;
    this.#encode = encode;
    stream.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#rest.length >= 5 && this.#rest.length >= 5 + this.#rest.readUInt32BE(1)) {
        const end = 5 + this.#rest.readUInt32BE(1);
        this.received.push(decode(this.#rest.subarray(5, end)));
        this.#rest = this.#rest.subarray(end);
      }
    });
  }

  say(message: Draft<Q>): void {
    this.stream.write(this.#encode(message));
  }
}
