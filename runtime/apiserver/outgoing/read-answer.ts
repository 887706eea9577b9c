/** What another server answers, with a bound. */
import type { IncomingMessage } from 'node:http';

/** Rejects where it is too large, or ends before its time; the connection is given up then. */
export async function readAnswer(response: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response) {
    length += (piece as Buffer).length;
    if (length > mostBytes)
      throw new Error(`the answer is longer than ${mostBytes} bytes, which is too large`);
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces);
}
