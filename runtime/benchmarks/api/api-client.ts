/** Requests as a client of the API makes them: over a few connections of HTTP/2 that stay open. */

import type { KeyObject } from 'node:crypto';
import http2, { type ClientHttp2Session } from 'node:http2';

export interface ApiTarget {
  readonly port: number;
  readonly ca: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: string | KeyObject;
}

export interface Reply {
  readonly code: number;
  readonly body: Buffer;
}

export class ApiConnection {
  readonly #session: ClientHttp2Session;

  constructor({ port, ca, certificate, key }: ApiTarget) {
    this.#session = http2.connect(`https://127.0.0.1:${port}`, {
      ...{ ca, cert: certificate, key: key as string },
      // Nobody but this benchmark is asked, on loopback.
      rejectUnauthorized: false,
    });
    this.#session.on('error', () => {});
  }

  ask(method: string, path: string, body?: Uint8Array): Promise<Reply> {
    const headers = { ':method': method, ':path': path, 'content-type': 'application/json' };
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(headers, { endStream: body === undefined });
      let code = 0;
      const pieces: Buffer[] = [];
      stream.once('response', (answer) => (code = Number(answer[':status'])));
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.once('error', reject);
      stream.once('end', () => resolve({ code, body: Buffer.concat(pieces) }));
      if (body !== undefined) stream.end(body);
    });
  }

  /** A watch; resolves when it is open. @param onLines called with the number of events in each piece */
  watch(path: string, onLines: (count: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({ ':path': path });
      stream.once('response', (answer) =>
        Number(answer[':status']) === 200 ? resolve() : reject(new Error(`${answer[':status']}`)),
      );
      stream.on('error', reject);
      stream.on('data', (piece: Buffer) => {
        let count = 0;
        for (let at = piece.indexOf(0x0a); at >= 0; at = piece.indexOf(0x0a, at + 1)) count += 1;
        onLines(count);
      });
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
