/** The client side of the administration protocol, used by the command line and by tests of whole machines. */
import { randomUUID } from 'node:crypto';
import net from 'node:net';
import { type AdminAnswer, LineSplitter } from './protocol.ts';

export type AdminErrorCode = 'unreachable' | 'timeout' | 'closed' | 'refused';

/** A request that failed: the agent could not be reached, did not answer, or said no (`refused`). */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly code: AdminErrorCode;
  /** The agent's own code when it said no. */
  readonly reason: string | null;

  constructor(code: AdminErrorCode, message: string, reason: string | null = null) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

export interface RequestOptions {
  /** Default 15,000; 0 for none. */
  readonly timeoutMilliseconds?: number;
  /** Called for every item of a stream. */
  readonly onEvent?: (event: unknown) => void;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: AdminError) => void;
  readonly onEvent: ((event: unknown) => void) | undefined;
  readonly timer: NodeJS.Timeout | undefined;
}

export class AdminClient {
  readonly #socket: net.Socket;
  readonly #waiting = new Map<string, Waiting>();

  constructor(socket: net.Socket) {
    this.#socket = socket;
    const lines = new LineSplitter((line) => this.#onLine(line));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => lines.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => this.#failAll(new AdminError('closed', 'The agent closed the connection.')));
  }

  /** Sends one request; rejects with `AdminError`. */
  request(
    method: string,
    params: Record<string, unknown> = {},
    options: RequestOptions = {},
  ): Promise<unknown> {
    const id = randomUUID();
    const limit = options.timeoutMilliseconds ?? 15_000;
    return new Promise((resolve, reject) => {
      const timer =
        limit > 0 ? setTimeout(() => this.#fail(id, timeoutError(method, limit)), limit) : undefined;
      this.#waiting.set(id, { resolve, reject, onEvent: options.onEvent, timer });
      if (this.#socket.destroyed) this.#fail(id, new AdminError('closed', 'The connection is closed.'));
      else this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onLine(line: string): void {
    const answer = parseAnswer(line);
    const waiting = answer && this.#waiting.get(answer.id);
    if (!answer || !waiting) return;
    if ('event' in answer) {
      waiting.onEvent?.(answer.event);
    } else if ('error' in answer) {
      this.#fail(answer.id, new AdminError('refused', answer.error.message, answer.error.code));
    } else {
      clearTimeout(waiting.timer);
      this.#waiting.delete(answer.id);
      waiting.resolve(answer.result);
    }
  }

  #fail(id: string, error: AdminError): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    waiting.reject(error);
  }

  #failAll(error: AdminError): void {
    for (const id of [...this.#waiting.keys()]) this.#fail(id, error);
  }
}

/** Connects to an agent's socket, or to the host's end of a machine's console. Rejects with `AdminError`. */
export function connectAdmin(socketPath: string): Promise<AdminClient> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(new AdminClient(socket)));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      reject(new AdminError('unreachable', unreachableMessage(socketPath, error))),
    );
  });
}

/** One request over a connection of its own; rejects with `AdminError`. */
export async function askAgent(
  socketPath: string,
  method: string,
  params: Record<string, unknown> = {},
  options: RequestOptions = {},
): Promise<unknown> {
  const client = await connectAdmin(socketPath);
  try {
    return await client.request(method, params, options);
  } finally {
    client.close();
  }
}

function unreachableMessage(socketPath: string, error: NodeJS.ErrnoException): string {
  if (error.code === 'EACCES') return `No permission to use ${socketPath}: run this as root.`;
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    return `No agent answers at ${socketPath}: is it running (systemctl status trivet), or is --socket wrong?`;
  }
  return `Cannot connect to ${socketPath}: ${error.message}`;
}

function timeoutError(method: string, limit: number): AdminError {
  return new AdminError('timeout', `The agent did not answer "${method}" within ${limit / 1000} s.`);
}

function parseAnswer(line: string): AdminAnswer | null {
  try {
    const value: unknown = JSON.parse(line);
    const named =
      typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
    // A console may echo the request itself: only lines that answer count.
    return named && ('result' in value || 'error' in value || 'event' in value)
      ? (value as AdminAnswer)
      : null;
  } catch {
    return null;
  }
}
