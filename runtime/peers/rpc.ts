/** Requests and answers over one connection, several at a time, each an envelope in a frame. */
import type { Duplex } from 'node:stream';
import { decodeEnvelope, encodeEnvelope } from '../encoding/envelope.ts';
import { readFrames, writeFrame } from './frames.ts';

/** The other side said no (`code` is its word), or there is no other side any more (`closed`, `timeout`). */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Answers one request, or throws: an `RpcError` is told to the asker as it is. */
export type RpcHandler = (method: string, params: Record<string, unknown>) => Promise<unknown>;

/** Most requests of one connection that are worked on at once; more wait in the socket's buffer. */
const mostAtOnce = 256;

/** Serves requests until the connection ends. */
export function serveRpc(stream: Duplex, frameLimitBytes: number, handler: RpcHandler): void {
  let active = 0;
  const respond = (answer: Record<string, unknown>): void => {
    active -= 1;
    if (stream.writable) writeFrame(stream, encodeEnvelope(answer));
    if (active < mostAtOnce) stream.resume();
  };
  readFrames(stream, frameLimitBytes, {
    onFrame: (frame) => {
      const request = decodeRequest(frame);
      if (request === null) return void stream.destroy();
      active += 1;
      if (active >= mostAtOnce) stream.pause();
      const { id, method, params } = request;
      handler(method, params).then(
        (result) => respond({ id, result: result ?? null }),
        (error: unknown) => respond({ id, error: describe(error) }),
      );
    },
    onEnd: () => {},
  });
}

export class RpcClient {
  readonly #stream: Duplex;
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: RpcError) => void }
  >();
  #lastId = 0;
  #closed = false;

  constructor(stream: Duplex, frameLimitBytes: number, onClose: () => void = () => {}) {
    this.#stream = stream;
    readFrames(stream, frameLimitBytes, {
      onFrame: (frame) => this.#onFrame(frame),
      onEnd: () => {
        this.#closed = true;
        for (const { reject } of this.#waiting.values())
          reject(new RpcError('closed', 'The connection was closed.'));
        this.#waiting.clear();
        onClose();
      },
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Rejects with `RpcError`. A request that timed out may still have had its effect. */
  request(method: string, params: Record<string, unknown>, timeoutMilliseconds: number): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new RpcError('closed', 'The connection is closed.'));
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        // The other side is gone or hangs: the next request finds out on a connection of its own.
        this.close();
        reject(new RpcError('timeout', `No answer to ${method} within ${timeoutMilliseconds} ms.`));
      }, timeoutMilliseconds);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      writeFrame(this.#stream, encodeEnvelope({ id, method, params }));
    });
  }

  close(): void {
    this.#stream.destroy();
  }

  #onFrame(frame: Uint8Array): void {
    const answer = decodeAnswer(frame);
    if (answer === null) return void this.#stream.destroy();
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.error) waiting?.reject(new RpcError(answer.error.code, answer.error.message));
    else waiting?.resolve(answer.result);
  }
}

function describe(error: unknown): { code: string; message: string } {
  if (error instanceof RpcError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

function decodeRequest(
  frame: Uint8Array,
): { id: number; method: string; params: Record<string, unknown> } | null {
  const value = decodeObject(frame);
  if (typeof value?.id !== 'number' || typeof value.method !== 'string') return null;
  const params = value.params;
  if (typeof params !== 'object' || params === null) return null;
  return { id: value.id, method: value.method, params: params as Record<string, unknown> };
}

function decodeAnswer(
  frame: Uint8Array,
): { id: number; result: unknown; error: { code: string; message: string } | null } | null {
  const value = decodeObject(frame);
  if (typeof value?.id !== 'number') return null;
  const error = value.error as { code?: unknown; message?: unknown } | undefined;
  if (error === undefined) return { id: value.id, result: value.result, error: null };
  return {
    id: value.id,
    result: null,
    error: { code: String(error?.code), message: String(error?.message) },
  };
}

function decodeObject(frame: Uint8Array): Record<string, unknown> | null {
  try {
    const value = decodeEnvelope(frame);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
