/** The body of a request, as far as it is not too long and comes in time. */
import type { Readable } from 'node:stream';
import { ApiError } from '../status.ts';

/** As the real server. */
export const bodyLimitBytes = 3 * 1024 * 1024;
const bodyMilliseconds = 60_000;

type Source = Readable & { readonly headers: { readonly 'content-length'?: string | undefined } };

/** @param signal aborts when the client is gone. @throws ApiError (413, 504) */
export async function readBody(source: Readable, signal: AbortSignal): Promise<Uint8Array> {
  const announced = Number((source as Source).headers['content-length'] ?? 0);
  if (announced > bodyLimitBytes) throw tooLong();
  return await collect(source, signal);
}

function collect(source: Readable, gone: AbortSignal): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const leave = (): void => fail(cutOff());
    const timer = setTimeout(() => fail(tooLate()), bodyMilliseconds);
    const settle = (): void => {
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
    };
    const fail = (error: ApiError): void => {
      settle();
      source.pause();
      reject(error);
    };
    gone.addEventListener('abort', leave);
    source.once('error', leave);
    source.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= bodyLimitBytes) pieces.push(piece);
      else fail(tooLong());
    });
    source.once('end', () => {
      settle();
      resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces));
    });
  });
}

function tooLong(): ApiError {
  return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${bodyLimitBytes}`);
}

function tooLate(): ApiError {
  const seconds = bodyMilliseconds / 1000;
  return new ApiError('Timeout', `the body of the request did not come within ${seconds} seconds`);
}

function cutOff(): ApiError {
  return new ApiError('BadRequest', 'the body of the request ended before its end');
}
