/**
 * The server's side of gRPC on Node's HTTP/2: routes calls by their path, frames messages, ends calls with a status.
 * Written out instead of taken from grpc-js because this is the way of every read and write, and costs half of it.
 * Nothing a client sends may cost more memory than `mostHeldBytes` in all, nor anything but its own connection.
 */
import type {
  Http2SecureServer,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import { constants } from 'node:http2';
import type { Codec, Draft, Message, MessageName } from './messages.ts';
import { Outbox } from './outbox.ts';
import { readMessages } from './rpc-frames.ts';
import { etcdText, GrpcError, grpcCode, toGrpcError } from './status.ts';

/** One request, one answer. */
export interface UnaryMethod {
  readonly kind: 'unary';
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly encodeFramed: (message: never) => Uint8Array;
  readonly handle: (request: never) => Promise<unknown>;
}

/** Messages both ways, or several answers to one request. Ends well when `handle` resolves. */
export interface StreamMethod {
  readonly kind: 'stream';
  readonly handle: (call: StreamCall) => Promise<void>;
}

export interface StreamCall {
  /** What the client sends; the next is read when the last has been dealt with. */
  readonly requests: AsyncIterable<Uint8Array>;
  /** Resolves when the client's side has room again: to be waited for, or memory has no bound. */
  send(framed: Uint8Array): Promise<void> | undefined;
  /** Aborts when the client is gone. */
  readonly gone: AbortSignal;
}

export type Methods = ReadonlyMap<string, UnaryMethod | StreamMethod>;

export function unary<Q extends MessageName, R extends MessageName>(
  request: Codec<Q>,
  response: Codec<R>,
  handle: (request: Message<Q>) => Promise<Draft<R>>,
): UnaryMethod {
  return { kind: 'unary', decode: request.decode, encodeFramed: response.encodeFramed, handle };
}

/** A request of etcd's largest size, with the room etcd gives for what surrounds keys and values. */
const largestMessageBytes = (1536 + 512) * 1024;
/** Of requests that have begun to arrive or are being served. */
const mostHeldBytes = 64 * 1024 * 1024;
const frameHeaderBytes = 5;
const responseHeaders = { ':status': 200, 'content-type': 'application/grpc' } as const;
const responseOptions = { waitForTrailers: true } as const;
const okTrailers = { 'grpc-status': '0' } as const;

/** Serves `methods` on a server that does not listen yet. */
export function serveRpc(server: Http2Server | Http2SecureServer, methods: Methods): void {
  const memory = { heldBytes: 0 };
  const onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    // A client that goes away in the middle is no news.
    stream.on('error', ignore);
    const found = methods.get(headers[':path'] ?? '');
    const refusal = refuse(headers, found);
    if (refusal !== null || found === undefined) fail(stream, refusal ?? unknownMethod(headers));
    else if (found.kind === 'unary') serveUnary(stream, found, memory);
    else void serveStream(stream, found);
  };
  const onSession = (session: ServerHttp2Session): void => {
    session.setLocalWindowSize(largestMessageBytes);
    session.on('error', ignore);
  };
  const either = server as Http2Server;
  either.on('stream', onStream);
  either.on('session', onSession);
  either.on('sessionError', ignore);
}

function ignore(): void {}

function refuse(
  headers: IncomingHttpHeaders,
  found: UnaryMethod | StreamMethod | undefined,
): GrpcError | null {
  if (headers[':method'] !== 'POST' || !headers['content-type']?.startsWith('application/grpc')) {
    return new GrpcError(grpcCode.unimplemented, 'this socket speaks gRPC only');
  }
  if (found === undefined) return unknownMethod(headers);
  const encoding = headers['grpc-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    return new GrpcError(grpcCode.unimplemented, `requests compressed by ${encoding} are not understood`);
  }
  return null;
}

function unknownMethod(headers: IncomingHttpHeaders): GrpcError {
  return new GrpcError(grpcCode.unimplemented, `unknown method ${headers[':path']}`);
}

function serveUnary(stream: ServerHttp2Stream, method: UnaryMethod, memory: { heldBytes: number }): void {
  let request: Buffer | null = null;
  let held = 0;
  const release = (): void => {
    memory.heldBytes -= held;
    held = 0;
  };
  stream.on('close', release);
  stream.on('data', (chunk: Buffer) => {
    if (stream.headersSent) return;
    held += chunk.length;
    memory.heldBytes += chunk.length;
    if (held > largestMessageBytes + frameHeaderBytes) {
      fail(stream, new GrpcError(grpcCode.invalidArgument, etcdText.tooLarge));
    } else if (memory.heldBytes > mostHeldBytes) {
      fail(stream, new GrpcError(grpcCode.resourceExhausted, etcdText.tooManyRequests));
    } else {
      // Nearly every request is one chunk.
      request = request === null ? chunk : Buffer.concat([request, chunk]);
    }
  });
  stream.on('end', () => {
    if (stream.headersSent) return;
    let answer: Promise<unknown>;
    try {
      answer = method.handle(decodeOne(method, request) as never);
    } catch (error) {
      fail(stream, toGrpcError(error));
      return;
    }
    answer.then(
      (message) => succeed(stream, method, message),
      (error) => fail(stream, toGrpcError(error)),
    );
  });
}

function decodeOne(method: UnaryMethod, framed: Buffer | null): unknown {
  if (framed === null || framed.length < frameHeaderBytes) {
    throw new GrpcError(grpcCode.internal, 'the request ends before its message');
  }
  if (framed[0] !== 0) throw new GrpcError(grpcCode.unimplemented, 'compressed requests are not understood');
  if (framed.readUInt32BE(1) !== framed.length - frameHeaderBytes) {
    throw new GrpcError(grpcCode.internal, 'the request does not have the length it says');
  }
  return decodeSafely(method.decode, framed.subarray(frameHeaderBytes));
}

export function decodeSafely<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return decode(bytes);
  } catch (error) {
    throw new GrpcError(grpcCode.internal, `the message cannot be read: ${(error as Error).message}`);
  }
}

function succeed(stream: ServerHttp2Stream, method: UnaryMethod, message: unknown): void {
  if (stream.destroyed || stream.headersSent) return;
  let framed: Uint8Array;
  try {
    framed = method.encodeFramed(message as never);
  } catch (error) {
    fail(stream, toGrpcError(error));
    return;
  }
  stream.respond(responseHeaders, responseOptions);
  stream.on('wantTrailers', () => stream.sendTrailers(okTrailers));
  stream.end(framed);
}

function statusOf(error: GrpcError): { 'grpc-status': string; 'grpc-message': string } {
  // Only what is neither printable nor ASCII needs to be escaped; clients do not take back more than that.
  const message = error.message.replaceAll(/[^ -$&-~]+/gu, encodeURIComponent);
  return { 'grpc-status': String(error.code), 'grpc-message': message };
}

/** Ends a call that has not answered yet. What the client still sends of it is not wanted any more. */
function fail(stream: ServerHttp2Stream, error: GrpcError): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond({ ...responseHeaders, ...statusOf(error) }, { endStream: true });
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

async function serveStream(stream: ServerHttp2Stream, method: StreamMethod): Promise<void> {
  const gone = new AbortController();
  stream.once('close', () => gone.abort());
  let status: Record<string, string> = okTrailers;
  stream.respond(responseHeaders, responseOptions);
  stream.on('wantTrailers', () => stream.sendTrailers(status));
  const outbox = new Outbox(stream);
  try {
    await method.handle({
      requests: readMessages(stream, largestMessageBytes),
      send: (framed) => outbox.send(framed),
      gone: gone.signal,
    });
  } catch (error) {
    status = { ...statusOf(toGrpcError(error)) };
  }
  outbox.flush();
  if (!stream.destroyed) stream.end();
}
