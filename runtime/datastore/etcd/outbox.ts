/**
 * What a server sends on one stream: messages of one turn leave as one write, because a write costs more than most
 * messages; and who sends waits when the client does not read.
 */
import type { ServerHttp2Stream } from 'node:http2';

/** What may wait in the stream before senders do. */
const roomBytes = 64 * 1024;

export class Outbox {
  readonly #stream: ServerHttp2Stream;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #drained: PromiseWithResolvers<void> | null = null;

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream;
    stream.on('drain', () => this.#release());
    stream.on('close', () => this.#release());
  }

  /** A promise when there is no more room: to be waited for before the next message. */
  send(framed: Uint8Array): Promise<void> | undefined {
    if (this.#stream.destroyed) return undefined;
    if (this.#waiting.length === 0) process.nextTick(() => this.flush());
    this.#waiting.push(framed);
    this.#waitingBytes += framed.length;
    if (this.#waitingBytes + this.#stream.writableLength < roomBytes) return undefined;
    this.flush();
    if (!this.#stream.writableNeedDrain) return undefined;
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  flush(): void {
    if (this.#waiting.length === 0 || this.#stream.destroyed) return;
    const bytes =
      this.#waiting.length === 1 ? this.#waiting[0]! : Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#stream.write(bytes);
  }

  #release(): void {
    this.#drained?.resolve();
    this.#drained = null;
  }
}
