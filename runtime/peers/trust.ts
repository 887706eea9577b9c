/**
 * How members prove who they are: certificates from the cluster's own CA that carry cluster and node in a URI.
 * TLS proves possession of the key; here the certificate itself is checked. Validity times are not: a device
 * without a clock must still reach its peers (ARCHITECTURE.md, decisions).
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { NodeId } from '../raft/types.ts';

/** What a member holds; all in PEM. */
export interface Credentials {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly privateKey: string;
  readonly certificate: string;
  readonly caCertificate: string;
}

export interface PeerIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

export type TrustOutcome =
  | { readonly kind: 'trusted'; readonly peer: PeerIdentity }
  | { readonly kind: 'untrusted'; readonly reason: string };

/** The name in a node's certificate. */
export function nodeUri(peer: PeerIdentity): string {
  return `trivet://${peer.clusterId}/node/${peer.nodeId}`;
}

/** A node's id from its public key (a key, or PEM): the first 16 hexadecimal digits of the SHA-256 of it (SPKI, DER). */
export function nodeIdOf(publicKey: KeyObject | string): NodeId {
  const key = typeof publicKey === 'string' ? createPublicKey(publicKey) : publicKey;
  const der = key.export({ format: 'der', type: 'spki' });
  return createHash('sha256').update(der).digest('hex').slice(0, 16) as NodeId;
}

/** Checks that a peer's certificate is from this cluster's CA and names a node of it. */
export function judgeCertificate(certificate: X509Certificate | undefined, own: Credentials): TrustOutcome {
  if (certificate === undefined) return { kind: 'untrusted', reason: 'it showed no certificate' };
  const ca = new X509Certificate(own.caCertificate);
  if (!certificate.checkIssued(ca) || !certificate.verify(ca.publicKey)) {
    return { kind: 'untrusted', reason: 'its certificate is not from the CA of this cluster' };
  }
  const match = /(?:^|, )URI:trivet:\/\/([0-9a-f]{16})\/node\/([0-9a-f]{16})(?:$|, )/.exec(
    certificate.subjectAltName ?? '',
  );
  if (!match?.[1] || !match[2]) return { kind: 'untrusted', reason: 'its certificate names no node' };
  if (match[1] !== own.clusterId)
    return { kind: 'untrusted', reason: `it is of another cluster, ${match[1]}` };
  // Whoever has stolen the CA's key can name any node in a certificate, but has not that node's own key.
  if (nodeIdOf(certificate.publicKey) !== match[2])
    return { kind: 'untrusted', reason: 'its certificate names a node that another key belongs to' };
  return { kind: 'trusted', peer: { clusterId: match[1], nodeId: match[2] as NodeId } };
}
