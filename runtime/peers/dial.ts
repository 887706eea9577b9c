/** Outgoing connections to peers: as a member with a certificate, or as a machine that proves the secret. */
import tls from 'node:tls';
import type { NodeId } from '../raft/types.ts';
import { type AlpnProtocol, alpn } from './alpn.ts';
import { explainDialed } from './handshake-words.ts';
import { serverNameOf } from './instances.ts';
import { enrolmentCipher, type SecretKeys } from './secret.ts';
import { type Credentials, judgeCertificate } from './trust.ts';

export type DialErrorCode =
  | 'unreachable'
  | 'wrongSecret'
  | 'otherCluster'
  | 'untrusted'
  /** The expected node, by its key; but its CA is one that this node does not know. */
  | 'otherAuthority'
  | 'protocol';

/** A connection that did not come about. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly code: DialErrorCode;

  constructor(code: DialErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const dialTimeoutMilliseconds = 5_000;

/** Connects as a member. Rejects with `DialError` unless the other side is `expected` (any member when null). `instance` is this run's. */
export async function dialMember(
  endpoint: Endpoint,
  protocol: AlpnProtocol,
  own: Credentials,
  expected: NodeId | null,
  instance: string,
): Promise<{ socket: tls.TLSSocket; nodeId: NodeId }> {
  const socket = await connect(endpoint, protocol, {
    key: own.privateKey,
    cert: own.certificate,
    minVersion: 'TLSv1.3',
    servername: serverNameOf(instance),
  });
  const outcome = judgeCertificate(socket.getPeerX509Certificate(), own);
  if (outcome.kind === 'untrusted') {
    socket.destroy();
    const isExpected = expected !== null && outcome.underOtherAuthority === expected;
    const text = `${endpoint.host}:${endpoint.port} is not trusted: ${outcome.reason}.`;
    throw new DialError(isExpected ? 'otherAuthority' : 'untrusted', text);
  }
  if (expected !== null && outcome.peer.nodeId !== expected) {
    socket.destroy();
    throw new DialError(
      'untrusted',
      `${endpoint.host}:${endpoint.port} is node ${outcome.peer.nodeId}, not ${expected}.`,
    );
  }
  return { socket, nodeId: outcome.peer.nodeId };
}

/** Connects with the enrolment secret. `wrongSecret` and `otherCluster` tell what the other side said to it. */
export function dialEnrolment(endpoint: Endpoint, keys: SecretKeys): Promise<tls.TLSSocket> {
  return connect(endpoint, alpn.enrolment, {
    ciphers: enrolmentCipher,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk: keys.preSharedKey, identity: keys.identity }),
  });
}

/** Connects and says what for; the certificate is for the caller to judge. Rejects with `DialError`. */
export function connect(
  endpoint: Endpoint,
  protocol: AlpnProtocol,
  options: tls.ConnectionOptions,
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      ...options,
      host: endpoint.host,
      port: endpoint.port,
      ALPNProtocols: [protocol],
      // The certificate is judged by `judgeCertificate`, which knows clusters and nodes; TLS knows only names.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const timer = setTimeout(
      () => socket.destroy(new Error('it did not answer in time')),
      dialTimeoutMilliseconds,
    );
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      if (socket.alpnProtocol === protocol) return resolve(socket);
      socket.destroy();
      reject(
        new DialError(
          'protocol',
          `${endpoint.host}:${endpoint.port} does not speak ${protocol}: it is no node of Trivet, or of a version that does not know this.`,
        ),
      );
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new DialError('unreachable', `${endpoint.host}:${endpoint.port} closed the connection.`));
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(asDialError(endpoint, error, protocol === alpn.enrolment));
    });
    // Whoever takes the socket over adds handlers of its own; an error after that must not end the process.
    socket.on('error', () => {});
  });
}

function asDialError(endpoint: Endpoint, error: NodeJS.ErrnoException, isEnrolment: boolean): DialError {
  const where = `${endpoint.host}:${endpoint.port}`;
  const code = error.code ?? '';
  if (/BAD_RECORD_MAC|DECRYPT_ERROR|DECRYPTION_FAILED/.test(code)) {
    return new DialError('wrongSecret', `${where} has another enrolment secret.`, error);
  }
  if (/UNKNOWN_PSK_IDENTITY/.test(code)) {
    return new DialError('otherCluster', `${where} belongs to a cluster of another name.`, error);
  }
  const words = explainDialed(code, isEnrolment) ?? `cannot be reached: ${error.message}.`;
  return new DialError('unreachable', `${where} ${words}`, error);
}
