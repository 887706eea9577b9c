/** The agent's side of the administration protocol: a unix socket for root, and console devices. */
import { chmodSync, existsSync, mkdirSync, openSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tty from 'node:tty';
import { type AdminAnswer, type AdminRequest, LineSplitter } from './protocol.ts';

/** A handler's "no": `code` is for programs, the message for people. */
export class AdminRefusal extends Error {
  override readonly name = 'AdminRefusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface AdminCall {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Sends one item of a stream. */
  readonly emit: (event: unknown) => void;
  /** Aborted when the asker is gone. */
  readonly signal: AbortSignal;
}

export type AdminHandler = (call: AdminCall) => Promise<unknown>;

export interface AdminServer {
  close(): void;
}

/**
 * Listens on `socketPath` with mode 0600 and takes over a left-over socket file that nobody answers on.
 * Rejects when another agent answers there.
 */
export async function serveAdminSocket(socketPath: string, handler: AdminHandler): Promise<AdminServer> {
  mkdirSync(path.dirname(socketPath), { recursive: true });
  if (await somebodyAnswers(socketPath)) {
    throw new AdminRefusal(
      'inUse',
      `Another agent already answers at ${socketPath}: stop it first, or set admin.socket.`,
    );
  }
  if (existsSync(socketPath)) unlinkSync(socketPath);
  const server = net.createServer((socket) => serveStream(socket, handler));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return { close: () => server.close() };
}

/** Speaks the protocol on a console device. Returns null when the device does not exist. */
export function serveAdminConsole(device: string, handler: AdminHandler): AdminServer | null {
  if (!existsSync(device)) return null;
  // One stream for each direction: a tty stream does only one well.
  const input = new tty.ReadStream(openSync(device, 'r+'));
  input.setRawMode(true);
  const output = new tty.WriteStream(openSync(device, 'r+'));
  const cancel = new AbortController();
  const answer = answerer(handler, (line) => output.write(line), cancel.signal);
  const lines = new LineSplitter(answer);
  input.setEncoding('utf8');
  input.on('data', (chunk: string) => lines.push(chunk));
  input.on('error', () => {});
  output.on('error', () => {});
  return {
    close: () => {
      cancel.abort();
      input.destroy();
      output.destroy();
    },
  };
}

function serveStream(socket: net.Socket, handler: AdminHandler): void {
  const cancel = new AbortController();
  const answer = answerer(handler, (line) => socket.writable && socket.write(line), cancel.signal);
  const lines = new LineSplitter(answer);
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => lines.push(chunk));
  socket.on('error', () => {});
  socket.on('close', () => cancel.abort());
}

function answerer(handler: AdminHandler, write: (line: string) => void, signal: AbortSignal) {
  const send = (answer: AdminAnswer): void => {
    write(`${JSON.stringify(answer)}\n`);
  };
  return (line: string): void => {
    const request = parseRequest(line);
    if (!request) return;
    const { id, method, params } = request;
    handler({ method, params, emit: (event) => send({ id, event }), signal }).then(
      (result) => send({ id, result: result ?? null }),
      (error: unknown) => send({ id, error: describeError(error) }),
    );
  };
}

function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof AdminRefusal) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

function parseRequest(line: string): AdminRequest | null {
  try {
    const value = JSON.parse(line) as Partial<AdminRequest> | null;
    if (typeof value?.id !== 'string' || typeof value.method !== 'string') return null;
    const params = typeof value.params === 'object' && value.params !== null ? value.params : {};
    return { id: value.id, method: value.method, params };
  } catch {
    return null;
  }
}

function somebodyAnswers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
