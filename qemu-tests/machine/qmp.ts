/** QEMU's control channel (QMP): JSON objects, one a line; a greeting, then answers that carry the question's id. */
import type { Duplex } from 'node:stream';
import { LineSplitter } from '../../runtime/admin/protocol.ts';
import { MachineError } from './machine-error.ts';

const answerLimitMilliseconds = 20_000;

interface QmpMessage {
  readonly QMP?: unknown;
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: MachineError) => void;
  readonly timer: NodeJS.Timeout;
}

export class QmpClient {
  readonly #channel: Duplex;
  readonly #waiting = new Map<number, Waiting>();
  readonly #greeted = Promise.withResolvers<void>();
  #nextId = 1;

  constructor(channel: Duplex) {
    this.#channel = channel;
    const lines = new LineSplitter((line) => this.#onLine(line));
    channel.setEncoding('utf8');
    channel.on('data', (chunk: string) => lines.push(chunk));
    channel.on('error', () => {});
    channel.on('close', () => this.#end());
    // Whoever asks learns of it; nobody has to.
    this.#greeted.promise.catch(() => {});
  }

  /** Resolves when QEMU has set the machine up and takes commands. */
  async ready(): Promise<void> {
    await this.#greeted.promise;
    await this.execute('qmp_capabilities');
  }

  /** Runs one command; rejects with `MachineError`. */
  execute(command: string, words: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new MachineError('timeout', `QEMU did not answer "${command}"`));
      }, answerLimitMilliseconds);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#channel.write(`${JSON.stringify({ execute: command, arguments: words, id })}\n`);
    });
  }

  #onLine(line: string): void {
    const message = parseMessage(line);
    if (message?.QMP !== undefined) this.#greeted.resolve();
    const waiting = message?.id === undefined ? undefined : this.#waiting.get(message.id);
    if (!message || !waiting) return;
    this.#waiting.delete(message.id as number);
    clearTimeout(waiting.timer);
    if (message.error) waiting.reject(new MachineError('qmpFailed', `QEMU says: ${message.error.desc}`));
    else waiting.resolve(message.return);
  }

  #end(): void {
    const error = new MachineError('ended', 'QEMU has ended');
    this.#greeted.reject(error);
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(error);
    }
    this.#waiting.clear();
  }
}

function parseMessage(line: string): QmpMessage | null {
  try {
    return JSON.parse(line) as QmpMessage;
  } catch {
    return null;
  }
}
