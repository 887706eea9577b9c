/**
 * How members prove who they are: certificates from the cluster's own CA that carry cluster and node in a URI.
 * TLS proves possession of the key; here the certificate itself is checked. Validity times are not: a device
 * without a clock must still reach its peers (ARCHITECTURE.md, decisions).
 */
import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { NodeId } from '../raft/types.ts';

/** What a member holds; all in PEM. Looked at for every connection: a renewal replaces what is in it. */
export interface Credentials {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly privateKey: string;
  /** And behind it, while a new CA takes over, what the CA before it says of the new one. */
  readonly certificate: string;
  /** The cluster's CA, and behind it those whose place it takes while it does. */
  readonly caCertificate: string;
}

export interface PeerIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
}

/** A peer whose certificate was looked at. */
export interface ProvedPeer extends PeerIdentity {
  /** When the certificate was issued, in seconds of the cluster's clock. */
  readonly issuedAt: number;
}

export type TrustOutcome =
  | { readonly kind: 'trusted'; readonly peer: ProvedPeer }
  | {
      readonly kind: 'untrusted';
      readonly reason: string;
      /** Whose key it has proved all the same, for this cluster, under a CA that this node does not know; else null. */
      readonly underOtherAuthority: NodeId | null;
    };

/** The name in a node's certificate. */
export function nodeUri(peer: PeerIdentity): string {
  return `trivet://${peer.clusterId}/node/${peer.nodeId}`;
}

/** Another name in it: the time by the cluster's own clock, which no wall clock moves. */
export function issuedUri(clusterId: string, seconds: number): string {
  return `trivet://${clusterId}/issued/${seconds}`;
}

/** When a certificate was issued, in seconds of the cluster's clock; 0 where it does not say. */
export function issuedAtOf(certificate: X509Certificate): number {
  return Number(
    /URI:trivet:\/\/[0-9a-f]{16}\/issued\/(\d{1,12})(?:$|, )/.exec(certificate.subjectAltName ?? '')?.[1] ??
      0,
  );
}

/** The certificates of a bundle in PEM, in order. */
export function splitBundle(bundle: string): string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
}

/** Whether `ca` has issued the certificate. */
export function isIssuedBy(certificate: X509Certificate, ca: X509Certificate): boolean {
  return certificate.checkIssued(ca) && certificate.verify(ca.publicKey);
}

/** A CA may be new to this node: the one before it, which the peer shows too, then speaks for it. */
function isFromCluster(certificate: X509Certificate, own: Credentials): boolean {
  const authorities = splitBundle(own.caCertificate).map((pem) => new X509Certificate(pem));
  const isTrusted = (each: X509Certificate): boolean => authorities.some((ca) => isIssuedBy(each, ca));
  if (isTrusted(certificate)) return true;
  const issuer = certificate.issuerCertificate;
  return issuer?.ca === true && isIssuedBy(certificate, issuer) && isTrusted(issuer);
}

/** The SHA-256 of a public key (a key, or PEM) in DER (SPKI), in 64 hexadecimal digits. */
export function fingerprintOf(publicKey: KeyObject | string): string {
  const key = typeof publicKey === 'string' ? createPublicKey(publicKey) : publicKey;
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}

/** A node's id from its public key (a key, or PEM): the first 16 digits of its fingerprint. */
export function nodeIdOf(publicKey: KeyObject | string): NodeId {
  return fingerprintOf(publicKey).slice(0, 16) as NodeId;
}

/** Checks that a peer's certificate is from this cluster's CA and names a node of it. */
export function judgeCertificate(certificate: X509Certificate | undefined, own: Credentials): TrustOutcome {
  if (certificate === undefined) return untrusted('it showed no certificate');
  const match = /(?:^|, )URI:trivet:\/\/([0-9a-f]{16})\/node\/([0-9a-f]{16})(?:$|, )/.exec(
    certificate.subjectAltName ?? '',
  );
  const [, clusterId, named] = match ?? [];
  // Whoever has stolen the CA's key can name any node in a certificate, but has not that node's own key.
  const isOwnName = named !== undefined && nodeIdOf(certificate.publicKey) === named;
  if (!isFromCluster(certificate, own)) {
    const proved = isOwnName && clusterId === own.clusterId ? (named as NodeId) : null;
    return untrusted('its certificate is not from the CA of this cluster', proved);
  }
  if (clusterId === undefined || named === undefined) return untrusted('its certificate names no node');
  if (clusterId !== own.clusterId) return untrusted(`it is of another cluster, ${clusterId}`);
  if (!isOwnName) return untrusted('its certificate names a node that another key belongs to');
  const peer = { clusterId, nodeId: named as NodeId, issuedAt: issuedAtOf(certificate) };
  return { kind: 'trusted', peer };
}

function untrusted(reason: string, underOtherAuthority: NodeId | null = null): TrustOutcome {
  return { kind: 'untrusted', reason, underOtherAuthority };
}
