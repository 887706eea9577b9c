/**
 * A request that somebody else answers: handed on with the words of who asks, and the answer handed back as it comes. What a client
 * says about itself in headers does not get through: the other server would believe it.
 * (k8s.io/kube-aggregator/pkg/apiserver/handler_proxy.go)
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { protocolsWithoutToken } from '../authentication/bearer-token.ts';
import type { UserInfo } from '../authentication/user.ts';
import type { Headers, HttpAnswer, HttpRequest, Stream } from '../http/exchange.ts';
import { textAnswer } from '../http/plain-answers.ts';
import { join } from '../http/upgrade.ts';
import { ApiError } from '../status.ts';
import type { RemoteService } from './remote-services.ts';
import type { ServiceCaller, Upgraded } from './service-caller.ts';

/** For the head of an answer; a watch has no end, but a beginning. */
const patienceMilliseconds = 60_000;

export interface Way {
  readonly caller: ServiceCaller;
  /** Called where there was no way. */
  readonly onUnreachable: () => void;
}

/** @throws ApiError (400) for what cannot be handed on */
export async function proxyRequest(
  { caller, onUnreachable }: Way,
  service: RemoteService,
  user: UserInfo,
  request: HttpRequest,
): Promise<HttpAnswer> {
  if (!isClear(request.path)) throw unclearPath();
  if (!service.isAvailable) return textAnswer(503, 'service unavailable\n');
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('context deadline exceeded')), patienceMilliseconds);
  try {
    const { method } = request;
    const body = await bodyOf(request);
    const signal = AbortSignal.any([late.signal, request.signal]);
    const headers = handedOn(request);
    const wanted = { method, path: pathOf(request), headers, body, user, signal };
    if (request.upgrade === undefined) return toAnswer(await caller.call(service, wanted));
    const upgraded = await caller.upgrade(service, wanted);
    return 'connection' in upgraded && 'head' in upgraded ? takenOver(upgraded) : toAnswer(upgraded);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (!request.signal.aborted) onUnreachable();
    const { reason } = late.signal as { readonly reason?: Error };
    return textAnswer(503, `error trying to reach service: ${(reason ?? (error as Error)).message}\n`);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether every server reads it as this one has, which has asked whether the client may. */
function isClear(path: string): boolean {
  const segments = path.replace(/\/$/, '').split('/').slice(1).map(decodeURIComponent);
  return segments.every((segment) => !/^\.{0,2}$|[/\\]/.test(segment));
}

function unclearPath(): ApiError {
  const why =
    'the path has an empty segment, "." or "..", or a slash within a segment: other API groups are not asked for such';
  return new ApiError('BadRequest', why);
}

function pathOf({ path, query }: HttpRequest): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function bodyOf({ method, openBody, readBody }: HttpRequest): Promise<Readable | Uint8Array | null> {
  if (method === 'GET' || method === 'HEAD') return null;
  // Within this process there is nothing to be waited for.
  return openBody === undefined ? await readBody() : openBody();
}

/** About one connection alone (RFC 9110, 7.6.1), or who somebody is. */
const keptBack: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te'],
  ...[
    'trailer',
    'transfer-encoding',
    'upgrade',
    'http2-settings',
    'host',
    'expect',
    'authorization',
    'cookie',
  ],
]);
const keptBackPrefixes = [':', 'x-remote-', 'impersonate-', 'x-forwarded-'];

function handedOn({ rawHeaders, headers, remoteAddress, path, upgrade }: HttpRequest): readonly string[] {
  const named = new Set(wordsOf(headers.connection));
  const pairs: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const lower = name.toLowerCase();
    if (keptBack.has(lower) || named.has(lower)) continue;
    if (keptBackPrefixes.some((prefix) => lower.startsWith(prefix))) continue;
    const offered = lower === protocolsHeader ? withoutToken(value) : value;
    if (offered !== '') pairs.push(name, offered);
  }
  const host = String(headers[':authority'] ?? headers.host ?? '');
  const from = remoteAddress === undefined ? [] : ['X-Forwarded-For', remoteAddress];
  if (upgrade !== undefined) pairs.push('Connection', 'Upgrade', 'Upgrade', upgrade);
  return [...pairs, ...from, 'X-Forwarded-Host', host, 'X-Forwarded-Proto', 'https', 'X-Forwarded-Uri', path];
}

const protocolsHeader = 'sec-websocket-protocol';

/** Of the protocols that a browser offers, one can be its token for this server. */
function withoutToken(protocols: string): string {
  return protocolsWithoutToken({ [protocolsHeader]: [protocols] }).join(', ');
}

/** The other server speaks the protocol: from here on the two are alone. */
function takenOver({ head, connection }: Upgraded): HttpAnswer {
  return {
    ...{ code: head.statusCode ?? 101, body: [], takeOver: (client: Duplex) => join(client, connection) },
    headers: { ...headersOf(head), connection: 'Upgrade', upgrade: String(head.headers.upgrade ?? '') },
  };
}

function wordsOf(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').map((word) => word.trim().toLowerCase());
}

function toAnswer(response: IncomingMessage): HttpAnswer {
  return { code: response.statusCode ?? 502, headers: headersOf(response), body: streamOf(response) };
}

function headersOf(response: IncomingMessage): Headers {
  const named = new Set(wordsOf(response.headers.connection));
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value === undefined || keptBack.has(name) || named.has(name)) continue;
    headers[name] = value;
  }
  return headers as Headers;
}

/** No faster than the client takes it. */
function streamOf(response: IncomingMessage): Stream {
  return async (sink, signal) => {
    const leave = (): void => void response.destroy();
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      for await (const piece of response) {
        const busy = sink(piece as Buffer);
        if (busy !== undefined) await busy;
      }
    } finally {
      signal.removeEventListener('abort', leave);
      response.destroy();
    }
  };
}
