/**
 * A connection of HTTP/1.1 that is to become one of another protocol: a request like any other until its answer says 101.
 * (RFC 9110, 7.8)
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpAnswer, HttpHandler, HttpRequest } from './exchange.ts';
import { sendAnswer } from './send-answer.ts';

/**
 * Answers a request whose connection Node has let go of.
 * @param head what the client has sent behind it already
 */
export async function serveUpgrade(
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  { handle, toRequest }: { handle: HttpHandler; toRequest: (signal: AbortSignal) => HttpRequest },
): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort(new Error('the client is gone')));
  socket.on('error', () => socket.destroy());
  if (head.length > 0) socket.unshift(head);
  try {
    const answer = await handle(toRequest(gone.signal));
    if (answer.takeOver === undefined) await refuse(incoming, socket, answer, gone.signal);
    else {
      socket.write(headOf(answer));
      answer.takeOver(socket);
    }
  } catch {
    socket.destroy();
  }
}

/** It stays what it was, for this one answer. */
async function refuse(
  incoming: IncomingMessage,
  socket: Duplex,
  answer: HttpAnswer,
  gone: AbortSignal,
): Promise<void> {
  const outgoing = new ServerResponse(incoming);
  outgoing.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  outgoing.shouldKeepAlive = false;
  outgoing.once('finish', () => socket.end());
  await sendAnswer(outgoing, answer, gone);
}

function headOf({ code, headers }: HttpAnswer): string {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => `${name}: ${one}`),
  );
  return [`HTTP/1.1 ${code} Switching Protocols`, ...lines, '', ''].join('\r\n');
}

/** Each way as fast as the other end takes it, until one of them ends. */
export function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.once('close', () => to.destroy());
    // It may have gone while the other was on its way.
    if (from.destroyed) to.destroy();
    else from.pipe(to);
  }
}
