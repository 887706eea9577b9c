/**
 * The peer port. A connection is judged before its first byte is read: members by their certificate, machines
 * that want to enrol by TLS-PSK, operators by their key. Everything else is dropped.
 */
import type net from 'node:net';
import tls from 'node:tls';
import { alpn } from './alpn.ts';
import { FailureLimiter } from './failure-limiter.ts';
import { explainAccepted } from './handshake-words.ts';
import { refuseOperator } from './operators.ts';
import { enrolmentCipher } from './secret.ts';
import { type Credentials, judgeCertificate, type ProvedPeer } from './trust.ts';

export type RefusalKind = 'wrongSecret' | 'unknownKey' | 'untrusted' | 'garbage';

export interface PeerPortHandlers {
  readonly onRaft: (socket: tls.TLSSocket, peer: ProvedPeer) => void;
  readonly onRpc: (socket: tls.TLSSocket, peer: ProvedPeer) => void;
  /** `identity` names the key that was proved: the secret's, or a token's. */
  readonly onEnrolment: (socket: tls.TLSSocket, identity: string) => void;
  /** Left out where there are no operators: then nobody can ask as one. */
  readonly operators?: OperatorHandlers;
  /** Somebody was turned away; `wrongSecret` and `unknownKey` are what an operator wants to hear of. */
  readonly onRefused: (address: string, kind: RefusalKind, reason: string) => void;
}

export interface OperatorHandlers {
  /** Whether the key is an operator's; in DER (SPKI), in Base64. */
  readonly isKnown: (publicKey: string) => boolean;
  /** `publicKey` was proved, and is known. */
  readonly onOperator: (socket: tls.TLSSocket, publicKey: string) => void;
}

export interface PeerPort {
  readonly port: number;
  /** From now on this node is a member. */
  setCredentials(credentials: Credentials): void;
  /** What a machine that is no member yet shows to operators. */
  showIdentity(identity: ShownIdentity): void;
  close(): void;
}

/** A key and a certificate for it, in PEM. */
export type ShownIdentity = Pick<Credentials, 'privateKey' | 'certificate'>;

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
    ALPNProtocols: [
      ...[alpn.raft, alpn.rpc, alpn.enrolment],
      ...(handlers.operators === undefined ? [] : [alpn.operator]),
    ],
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
  // Its own account: strangers with keys must not close the door to machines that enrol.
  const unknownKeys = new FailureLimiter();
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    if (socket.alpnProtocol === alpn.operator && handlers.operators !== undefined)
      admitOperator(socket, handlers.operators, unknownKeys, handlers.onRefused);
    else dispatch(socket, credentials, identities.get(socket) ?? null, handlers);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    const wrongSecret = /BAD_RECORD_MAC|DECRYPTION_FAILED|DECRYPT_ERROR/.test(error.code ?? '');
    if (wrongSecret) limiter.failed(socket.remoteAddress ?? '');
    handlers.onRefused(
      socket.remoteAddress ?? 'unknown',
      wrongSecret ? 'wrongSecret' : 'garbage',
      explainAccepted(error.code ?? ''),
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
    showIdentity: (identity) => {
      if (credentials === null) server.setSecureContext(tlsOptions(identity));
    },
    close: () => void server.close(),
  };
}

/** TLS 1.3 for members; the only TLS 1.2 suite needs the secret. A blank machine has no certificate to show. */
function tlsOptions(own: ShownIdentity | null): tls.SecureContextOptions {
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

/** A key that is known gets in however many others failed: TLS has proved it, and nobody guesses a key. */
function admitOperator(
  socket: tls.TLSSocket,
  operators: OperatorHandlers,
  unknownKeys: FailureLimiter,
  onRefused: PeerPortHandlers['onRefused'],
): void {
  const address = socket.remoteAddress ?? 'unknown';
  const publicKey = provedKey(socket);
  if (publicKey !== null && operators.isKnown(publicKey)) {
    operators.onOperator(socket, publicKey);
    return;
  }
  const isSlowed = unknownKeys.isSlowed(address);
  unknownKeys.failed(address);
  if (isSlowed) socket.destroy();
  else refuseOperator(socket);
  onRefused(address, 'unknownKey', 'it proved no key of an operator');
}

/** In DER (SPKI), in Base64; null when no certificate was shown, whose key TLS 1.3 has proved by then. */
function provedKey(socket: tls.TLSSocket): string | null {
  const certificate = socket.getProtocol() === 'TLSv1.3' ? socket.getPeerX509Certificate() : undefined;
  try {
    return certificate?.publicKey.export({ format: 'der', type: 'spki' }).toString('base64') ?? null;
  } catch {
    // A key of a kind that Node does not know.
    return null;
  }
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
