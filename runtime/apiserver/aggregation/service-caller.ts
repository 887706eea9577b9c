/**
 * Connections to the servers of other group-versions: HTTPS to where their service is served, under the service's name, with the
 * certificate by which they know this server. Connections are kept for the next request.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Duplex, Readable } from 'node:stream';
import { writeProxyHeaders } from '../authentication/front-proxy.ts';
import type { UserInfo } from '../authentication/user.ts';
import type { ResolveService } from '../outgoing/ask-webhook.ts';
import type { RemoteService } from './remote-services.ts';

/** By which extension servers know this server, both in PEM. */
export interface ProxyIdentity {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface ServiceCallerOptions {
  readonly resolve: ResolveService;
  /** Null while there is none. */
  readonly identity: () => ProxyIdentity | null;
}

export interface ServiceRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Names and values by turns. */
  readonly headers?: readonly string[];
  readonly body?: Readable | Uint8Array | null;
  /** As whom it is to be taken. */
  readonly user: UserInfo;
  readonly signal: AbortSignal;
}

export interface ServiceCaller {
  /** Resolves when the head of the answer is there. Rejects where nobody could be asked. */
  readonly call: (service: RemoteService, request: ServiceRequest) => Promise<IncomingMessage>;
  /**
   * Asks for another protocol: resolves with the connection, or with the answer of a server that stays with HTTP. Rejects where
   * nobody could be asked.
   */
  readonly upgrade: (service: RemoteService, request: ServiceRequest) => Promise<Upgraded | IncomingMessage>;
  readonly close: () => void;
}

export interface Upgraded {
  readonly head: IncomingMessage;
  readonly connection: Duplex;
}

/** Without a word for so long, a connection that is kept is ended. */
const idleMilliseconds = 60_000;
const mostIdle = 8;

export function openServiceCaller({ resolve, identity }: ServiceCallerOptions): ServiceCaller {
  const agents = new Map<string, { readonly of: string; readonly agent: https.Agent }>();
  const agentOf = (service: RemoteService): https.Agent => {
    const key = `${service.version}.${service.group}`;
    const of = JSON.stringify([service.authorities, service.skipsVerification, identity()]);
    const known = agents.get(key);
    if (known?.of === of) return known.agent;
    known?.agent.destroy();
    const agent = new https.Agent({
      ...{ keepAlive: true, maxFreeSockets: mostIdle, timeout: idleMilliseconds, scheduling: 'fifo' },
    });
    agents.set(key, { of, agent });
    return agent;
  };
  const placeOf = async (service: RemoteService): Promise<https.RequestOptions> => {
    const { namespace, name, port } = service;
    const place = await resolve(namespace, name, port);
    const own = identity();
    if (own === null) throw new Error('this server has no certificate to show yet');
    return {
      ...place,
      servername: `${name}.${namespace}.svc`,
      ...{ cert: own.certificate, key: own.privateKey },
      ...(service.skipsVerification ? { rejectUnauthorized: false } : {}),
      ...(service.authorities === '' ? {} : { ca: service.authorities }),
    };
  };
  return {
    call: async (service, request) =>
      await send(request, { ...(await placeOf(service)), agent: agentOf(service) }),
    // Such a connection is nobody else's afterwards.
    upgrade: async (service, request) =>
      await sendUpgrade(request, { ...(await placeOf(service)), agent: false }),
    close: () => {
      for (const { agent } of agents.values()) agent.destroy();
    },
  };
}

function send(
  { method, path, headers = [], body = null, user, signal }: ServiceRequest,
  to: https.RequestOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = https.request({ ...to, method, path, signal, setHost: false });
    setHeaders(request, to, headers, user);
    // Also behind the head of the answer, when nobody waits any more.
    request.on('error', reject);
    request.once('response', (response) => resolve(response.on('error', () => {})));
    // The server may answer before it has read everything: what is left then is nobody's.
    if (body === null) request.end();
    else if (body instanceof Uint8Array) request.end(body);
    else {
      // Otherwise one of unknown length would end with its connection.
      if (!request.hasHeader('content-length')) request.setHeader('transfer-encoding', 'chunked');
      body.once('error', (error) => request.destroy(error)).pipe(request);
    }
  });
}

function sendUpgrade(
  { method, path, headers = [], user, signal }: ServiceRequest,
  to: https.RequestOptions,
): Promise<Upgraded | IncomingMessage> {
  return new Promise((resolve, reject) => {
    // The signal is for the head of the answer: what comes then ends by itself.
    const request = https.request({ ...to, method, path, setHost: false });
    const stop = (): void => void request.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    setHeaders(request, to, headers, user);
    request.on('error', reject);
    request.once('response', (response) => resolve(response.on('error', () => {})));
    request.once('upgrade', (head, connection, first) => {
      signal.removeEventListener('abort', stop);
      // Until somebody has taken it, nobody else hears of its end.
      connection.on('error', () => {});
      if (first.length > 0) connection.unshift(first);
      resolve({ head, connection });
    });
    request.end();
  });
}

function setHeaders(
  request: ClientRequest,
  { servername }: https.RequestOptions,
  headers: readonly string[],
  user: UserInfo,
): void {
  request.setHeader('host', `${servername}`);
  for (const [name, values] of grouped([...pairsOf(headers), ...proxyHeaders(user)]))
    request.setHeader(name, values);
}

function proxyHeaders(user: UserInfo): readonly (readonly [string, string])[] {
  const uid = user.uid === '' ? [] : [['X-Remote-Uid', user.uid] as const];
  // As the bytes of UTF-8, which others take them for.
  const bytes = (text: string): string => Buffer.from(text).toString('latin1');
  return [...writeProxyHeaders(user), ...uid].map(([name, value]) => [name, bytes(value)] as const);
}

function pairsOf(headers: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: headers.length / 2 }, (_, index) => {
    return [headers[2 * index] as string, headers[2 * index + 1] as string] as const;
  });
}

function grouped(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of pairs) all.set(name, [...(all.get(name) ?? []), value]);
  return all;
}
