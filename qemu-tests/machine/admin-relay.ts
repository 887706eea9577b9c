/**
 * The way to the agent in a machine. Its console is one stream without connections; this socket lets many ask at once,
 * also while the machine is switched off and on. Answers go to everyone, and each knows its own by the request's id.
 */
import { rmSync } from 'node:fs';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { LineSplitter } from '../../runtime/admin/protocol.ts';
import { MachineError } from './machine-error.ts';

/** sockaddr_un holds 108 bytes with the closing zero. */
const longestSocketPathBytes = 107;

/** A client that has this much unread is closed. */
const fullQueueBytes = 32 * 1024 * 1024;

export class AdminRelay {
  readonly socketPath: string;
  readonly #server: net.Server;
  readonly #clients = new Set<net.Socket>();
  #console: Duplex | null = null;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  /** Rejects with `MachineError`. */
  listen(): Promise<void> {
    if (Buffer.byteLength(this.socketPath) > longestSocketPathBytes) {
      const message = `The path of a socket may have ${longestSocketPathBytes} bytes and ${this.socketPath} has more: use a shorter directory.`;
      return Promise.reject(new MachineError('pathTooLong', message));
    }
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const message = `Cannot listen on ${this.socketPath}: ${cause.message}`;
        reject(new MachineError('startFailed', message, { cause }));
      });
      this.#server.listen(this.socketPath, resolve);
    });
  }

  /** Connects the relay with the console of a machine that was switched on, until that closes. */
  attach(consoleStream: Duplex): void {
    this.#console = consoleStream;
    const lines = new LineSplitter((line) => this.#broadcast(line));
    consoleStream.setEncoding('utf8');
    consoleStream.on('data', (chunk: string) => lines.push(chunk));
    consoleStream.on('error', () => {});
    consoleStream.on('close', () => {
      if (this.#console === consoleStream) this.#console = null;
    });
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.socketPath, { force: true });
  }

  #serve(socket: net.Socket): void {
    this.#clients.add(socket);
    const lines = new LineSplitter((line) => this.#pass(socket, line));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => lines.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#clients.delete(socket));
  }

  #pass(socket: net.Socket, line: string): void {
    if (this.#console !== null) {
      this.#console.write(`${line}\n`);
      return;
    }
    const error = { code: 'poweredOff', message: 'The machine is switched off.' };
    const id = requestId(line);
    if (id !== null) socket.write(`${JSON.stringify({ id, error })}\n`);
  }

  #broadcast(line: string): void {
    for (const client of this.#clients) {
      if (client.writableLength > fullQueueBytes) client.destroy();
      else client.write(`${line}\n`);
    }
  }
}

function requestId(line: string): string | null {
  try {
    const { id } = JSON.parse(line) as { id?: unknown };
    return typeof id === 'string' ? id : null;
  } catch {
    return null;
  }
}
