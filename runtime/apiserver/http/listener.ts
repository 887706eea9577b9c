/**
 * HTTPS for the API: HTTP/2 and HTTP/1.1 on one port, told apart by ALPN. A client may show a certificate; who it is, others
 * judge. Nothing that a client does or leaves undone holds more than its own connection.
 */
import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { HttpHandler, HttpRequest } from './exchange.ts';
import { readBody } from './read-body.ts';
import { sendAnswer } from './send-answer.ts';
import { serveUpgrade } from './upgrade.ts';

export interface ServerCertificate {
  /** PEM. */
  readonly privateKey: string;
  readonly certificate: string;
  /** Of whom clients may show certificates. */
  readonly caCertificate: string;
}

export interface ListenerOptions {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly certificate: ServerCertificate;
  readonly handle: HttpHandler;
  /** Whether a connection for this path may become one of another protocol. */
  readonly upgrades: (path: string) => boolean;
}

export interface Listener {
  readonly port: number;
  /** From the next connection on. */
  readonly renew: (certificate: ServerCertificate) => void;
  /** Takes no new connections, and ends those that are there. */
  readonly close: () => Promise<void>;
}

type Incoming = IncomingMessage | Http2ServerRequest;
type Outgoing = ServerResponse | Http2ServerResponse;

/** As many as the real server lets one connection have at a time. */
const mostStreams = 250;
const keepAliveMilliseconds = 30_000;
const handshakeMilliseconds = 10_000;

/** Rejects where the port cannot be opened. */
export async function openListener({
  address,
  port,
  certificate,
  handle,
  upgrades,
}: ListenerOptions): Promise<Listener> {
  const server = http2.createSecureServer({
    ...contextOf(certificate),
    ...{ allowHTTP1: true, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    ...{ handshakeTimeout: handshakeMilliseconds, settings: { maxConcurrentStreams: mostStreams } },
  });
  const sockets = new Set<TLSSocket>();
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket);
    // Half-open connections are found out by the system.
    socket.setKeepAlive(true, keepAliveMilliseconds);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  // What breaks a rule of TLS or HTTP/2 loses its connection, and nothing else.
  server.on('sessionError', () => {});
  server.on('tlsClientError', (_, socket) => socket.destroy());
  server.on('request', (incoming: Incoming, outgoing: Outgoing) => {
    void serve(incoming, outgoing, handle);
  });
  upgrading(server, handle, upgrades);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew: (next) => server.setSecureContext(contextOf(next)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Other requests are answered as they are, whatever else a client offers to speak. */
function upgrading(
  server: http2.Http2SecureServer,
  handle: HttpHandler,
  upgrades: (path: string) => boolean,
): void {
  const shouldUpgradeCallback = ({ url = '' }: IncomingMessage): boolean =>
    upgrades(url.split('?')[0] as string);
  Object.assign(server, { shouldUpgradeCallback });
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { upgrade } = incoming.headers;
    const request = (signal: AbortSignal): HttpRequest => ({ ...toRequest(incoming, signal), upgrade });
    void serveUpgrade(incoming, socket, head, { handle, toRequest: request });
  });
}

function contextOf({ privateKey, certificate, caCertificate }: ServerCertificate) {
  return { key: privateKey, cert: certificate, ca: caCertificate };
}

const clientIsGone = new Error('the client is gone');

async function serve(incoming: Incoming, outgoing: Outgoing, handle: HttpHandler): Promise<void> {
  const gone = new AbortController();
  // Without a reason each would get one made, which takes longer than a short request.
  outgoing.once('close', () => gone.abort(clientIsGone));
  incoming.on('error', () => {});
  outgoing.on('error', () => {});
  try {
    await sendAnswer(outgoing, await handle(toRequest(incoming, gone.signal)), gone.signal);
  } catch {
    // The handler answers its own errors: what is left is a client that has gone, or a stream that broke.
    outgoing.destroy();
  }
}

function toRequest(incoming: Incoming, signal: AbortSignal): HttpRequest {
  const url = incoming.url ?? '/';
  const at = url.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    certificates: () => certificatesOf(incoming),
    readBody: () => readBody(incoming, signal),
    openBody: () => (hasBody(incoming) ? incoming : null),
    signal,
    remoteAddress: incoming.socket.remoteAddress,
  };
}

function hasBody(incoming: Incoming): boolean {
  if ('stream' in incoming) return !incoming.stream.endAfterHeaders;
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  return length !== '0' || encoding !== undefined;
}

/** The longest chain that is looked at. */
const mostCertificates = 8;

/** Read once for each connection: many requests come over it. */
const chains = new WeakMap<TLSSocket, readonly X509Certificate[]>();

function certificatesOf(incoming: Incoming): readonly X509Certificate[] {
  // HTTP/2 shows a stand-in for the socket, which has not all of it.
  const socket = ('stream' in incoming ? incoming.stream.session?.socket : incoming.socket) as
    | TLSSocket
    | undefined;
  if (socket === undefined) return [];
  const known = chains.get(socket);
  if (known !== undefined) return known;
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate?.();
  while (next !== undefined && chain.length < mostCertificates) {
    chain.push(next);
    const { issuerCertificate } = next;
    next = issuerCertificate?.fingerprint256 === next.fingerprint256 ? undefined : issuerCertificate;
  }
  chains.set(socket, chain);
  return chain;
}
