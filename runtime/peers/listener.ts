/**
 * The peer port. A connection is judged before its first byte is read: members by their certificate, machines
 * that want to enrol by TLS-PSK. Everything else is dropped.
 */
import type net from 'node:net';
import tls from 'node:tls';
import { alpn } from './alpn.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { enrolmentCipher } from './secret.ts';
import { type Credentials, judgeCertificate, type ProvedPeer } from './trust.ts';

export interface PeerPortHandlers {
  readonly onRaft: (socket: tls.TLSSocket, peer: ProvedPeer) => void;
  readonly onRpc: (socket: tls.TLSSocket, peer: ProvedPeer) => void;
  /** `identity` names the key that was proved: the secret's, or a token's. */
  readonly onEnrolment: (socket: tls.TLSSocket, identity: string) => void;
  /** Somebody was turned away; `wrongSecret` is what an operator wants to hear of. */
  readonly onRefused: (
    address: string,
    kind: 'wrongSecret' | 'untrusted' | 'garbage',
    reason: string,
  ) => void;
}

export interface PeerPort {
  readonly port: number;
  /** From now on this node is a member. */
  setCredentials(credentials: Credentials): void;
  close(): void;
}

export class PeerPortError extends Error {
  override readonly name = 'PeerPortError';
}

const handshakeTimeoutMilliseconds = 10_000;
const keepAliveMilliseconds = 30_000;
/** Far above what a cluster needs; bounds what strangers can hold open. */
const mostConnections = 512;

/** Listens; `findKey` knows the pre-shared keys that enrol, by their identities. Rejects with `PeerPortError` that says what to do when the port is taken. */
export async function openPeerPort(
  listen: { readonly address: string; readonly port: number },
  findKey: (identity: string) => Buffer | null,
  handlers: PeerPortHandlers,
): Promise<PeerPort> {
  let credentials: Credentials | null = null;
  const identities = new WeakMap<tls.TLSSocket, string>();
  const limiter = new FailureLimiter();
  const server = tls.createServer({
    ...tlsOptions(null),
    ALPNProtocols: [alpn.raft, alpn.rpc, alpn.enrolment],
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: handshakeTimeoutMilliseconds,
    pskCallback: (socket, identity) => {
      identities.set(socket, identity);
      return limiter.isSlowed(socket.remoteAddress ?? '') ? null : findKey(identity);
    },
  });
  server.maxConnections = mostConnections;
  server.on('connection', (socket: net.Socket) => {
    socket.setNoDelay(true);
    // Machines that lost power leave connections behind that nothing else would end.
    socket.setKeepAlive(true, keepAliveMilliseconds);
  });
  server.on('secureConnection', (socket) =>
    dispatch(socket, credentials, identities.get(socket) ?? null, handlers),
  );
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const wrongSecret = /BAD_RECORD_MAC|DECRYPTION_FAILED|DECRYPT_ERROR/.test(error.code ?? '');
    if (wrongSecret) limiter.failed(socket.remoteAddress ?? '');
    handlers.onRefused(
      socket.remoteAddress ?? 'unknown',
      wrongSecret ? 'wrongSecret' : 'garbage',
      error.message,
    );
    socket.destroy();
  });
  await listenOn(server, listen);
  return {
    port: (server.address() as net.AddressInfo).port,
    setCredentials: (own) => {
      credentials = own;
      server.setSecureContext(tlsOptions(own));
    },
    close: () => void server.close(),
  };
}

/** TLS 1.3 for members; the only TLS 1.2 suite needs the secret. A blank machine has no certificate to show. */
function tlsOptions(own: Credentials | null): tls.SecureContextOptions {
  return {
    minVersion: 'TLSv1.2',
    ciphers: `TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:${enrolmentCipher}`,
    ...(own ? { key: own.privateKey, cert: own.certificate } : {}),
  };
}

function dispatch(
  socket: tls.TLSSocket,
  own: Credentials | null,
  identity: string | null,
  handlers: PeerPortHandlers,
): void {
  socket.on('error', () => {});
  const address = socket.remoteAddress ?? 'unknown';
  const refuse = (kind: 'untrusted' | 'garbage', reason: string): void => {
    socket.destroy();
    handlers.onRefused(address, kind, reason);
  };
  if (socket.alpnProtocol === alpn.enrolment) {
    // TLS 1.3 knows pre-shared keys too, without saying so in the cipher: only the proof we ask for counts.
    const isProved = socket.getProtocol() === 'TLSv1.2' && socket.getCipher().name === enrolmentCipher;
    if (isProved && identity !== null) handlers.onEnrolment(socket, identity);
    else refuse('untrusted', 'it wants to enrol without proving the secret');
    return;
  }
  if (own === null) {
    refuse('untrusted', 'this node is not a member of a cluster yet');
    return;
  }
  const outcome = judgeCertificate(socket.getPeerX509Certificate(), own);
  if (outcome.kind === 'untrusted') refuse('untrusted', outcome.reason);
  else if (socket.alpnProtocol === alpn.raft) handlers.onRaft(socket, outcome.peer);
  else if (socket.alpnProtocol === alpn.rpc) handlers.onRpc(socket, outcome.peer);
  else refuse('garbage', 'it did not say what it wants (ALPN)');
}

function listenOn(
  server: tls.Server,
  listen: { readonly address: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${listen.address}:${listen.port}`;
      const text =
        error.code === 'EADDRINUSE'
          ? `The peer port ${where} is in use by another program: stop it, or set peers.port.`
          : `Cannot listen for peers on ${where}: ${error.message}`;
      reject(new PeerPortError(text));
    });
    server.listen({ host: listen.address, port: listen.port }, resolve);
  });
}
