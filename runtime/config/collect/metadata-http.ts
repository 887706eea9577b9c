/**
 * One question to a metadata server: bounded in size and time, no redirects, no proxy, nothing kept open. What it answers
 * is data of a stranger until the platform's own rules have been checked.
 */
import { type IncomingMessage, request } from 'node:http';
import { MetadataError } from './metadata-error.ts';

/** The address is the same in every cloud, and is reached without a name server. */
export const metadataBase = 'http://169.254.169.254';

const requestMilliseconds = 5_000;
/** The server is in the machine's own host. A connection begun before the network had an address is never answered. */
const connectMilliseconds = 1_500;
const headerLimitBytes = 8 * 1024;
/** A user data of the full size in base64, within JSON. */
const answerLimitBytes = 256 * 1024;

export interface MetadataServer {
  /** For messages: "EC2 metadata". */
  readonly name: string;
  readonly base: string;
  /** Ends all questions. */
  readonly signal: AbortSignal;
}

export interface Question {
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An answer must have this header. */
  readonly answerHeader?: readonly [name: string, value: string];
}

/** The body of a 200; null for a 404. Rejects with `MetadataError`. */
export async function askMetadata(server: MetadataServer, question: Question): Promise<Buffer | null> {
  const fail = (what: string, isPassing: boolean): MetadataError =>
    new MetadataError(`${server.name}: ${what} for ${question.path.replace(/\?.*/, '')}`, isPassing);
  const limit = AbortSignal.any([server.signal, AbortSignal.timeout(requestMilliseconds)]);
  let answer: { message: IncomingMessage; body: Buffer | null };
  try {
    answer = await exchange(server.base, question, limit);
  } catch (error) {
    if (limit.aborted) throw fail('no complete answer in time', true);
    throw fail(`no answer (${(error as NodeJS.ErrnoException).code ?? (error as Error).message})`, true);
  }
  const { message, body } = answer;
  const status = message.statusCode ?? 0;
  const [name, value] = question.answerHeader ?? [];
  if (name !== undefined && message.headers[name] !== value) {
    throw fail(`an answer without the header ${name}: ${value}, which only the platform gives,`, false);
  }
  if (status === 404) return null;
  if (status !== 200)
    throw fail(`${status}${meaningOf(status)}`, status >= 500 || [408, 429].includes(status));
  if (body === null) throw fail(`more than ${answerLimitBytes / 1024} KiB`, false);
  return body;
}

function meaningOf(status: number): string {
  if (status >= 300 && status < 400) return ' (a redirect, which is not followed)';
  if (status === 401) return ' (the token is not accepted)';
  if (status === 403) return ' (is the metadata service switched off for this instance?)';
  if (status === 429) return ' (too many requests)';
  return status >= 500 ? ' (a fault of the server)' : '';
}

/** The body is null when it is too long. */
function exchange(
  base: string,
  { method = 'GET', path, headers = {} }: Question,
  signal: AbortSignal,
): Promise<{ message: IncomingMessage; body: Buffer | null }> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: hostname, port: port || 80, method, path, signal, agent: false },
      ...{ headers: { ...headers, accept: '*/*', connection: 'close' }, maxHeaderSize: headerLimitBytes },
    });
    sent.once('error', reject);
    const unconnected = setTimeout(
      () => sent.destroy(Object.assign(new Error('no connection'), { code: 'ETIMEDOUT' })),
      connectMilliseconds,
    );
    sent.once('socket', (socket) => socket.once('connect', () => clearTimeout(unconnected)));
    // An answer that changes to another protocol ends in neither an error nor a response.
    const onClose = (): void => {
      clearTimeout(unconnected);
      reject(new Error('no HTTP'));
    };
    sent.once('close', onClose);
    sent.once('response', (message) => {
      sent.off('close', onClose);
      readBody(message).then((body) => resolve({ message, body }), reject);
    });
    // Without it, or with a body, some servers refuse a PUT.
    if (method === 'PUT') sent.setHeader('content-length', 0);
    sent.end();
  });
}

async function readBody(message: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of message as AsyncIterable<Buffer>) {
    size += piece.length;
    // Leaving the loop closes the connection.
    if (size > answerLimitBytes) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
