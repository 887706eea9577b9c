/** Sends an answer, no quicker than the client takes it; what is long goes compressed to those who can read that. */
import type { HttpAnswer } from './exchange.ts';

/** What HTTP/1.1 and HTTP/2 have in common, though not their types. */
export interface Outgoing {
  writeHead(code: number, headers: Record<string, string | string[]>): unknown;
  /** HTTP/1.1 alone waits with the headers until there is more. */
  flushHeaders?(): void;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
  end(bytes: Uint8Array): unknown;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** Rejects where the client is gone, or the stream broke. */
export async function sendAnswer(outgoing: Outgoing, answer: HttpAnswer, gone: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const { code, headers, body } = answer;
  const fields = Object.fromEntries(Object.entries(headers)) as Record<string, string | string[]>;
  if (typeof body !== 'function') {
    const whole = body.length === 1 ? (body[0] as Uint8Array) : Buffer.concat(body);
    outgoing.writeHead(code, { ...fields, 'content-length': String(whole.length) });
    outgoing.end(whole);
    return;
  }
  outgoing.writeHead(code, fields);
  outgoing.flushHeaders?.();
  await body((bytes) => write(outgoing, bytes, gone), gone);
  outgoing.end();
}

function write(outgoing: Outgoing, bytes: Uint8Array, gone: AbortSignal): void | Promise<void> {
  if (gone.aborted) throw new Error('the client is gone');
  if (outgoing.write(bytes)) return;
  return new Promise((resolve, reject) => {
    const drained = (): void => {
      gone.removeEventListener('abort', left);
      resolve();
    };
    const left = (): void => {
      outgoing.off('drain', drained);
      reject(new Error('the client is gone'));
    };
    outgoing.once('drain', drained);
    gone.addEventListener('abort', left, { once: true });
  });
}
