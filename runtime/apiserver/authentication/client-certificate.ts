/**
 * Users by their certificates: the common name is the user, the organizations are the groups. The chain is checked here
 * and not by TLS, since two sets of authorities have a say, one for clients and one for proxies.
 * (k8s.io/apiserver/pkg/authentication/request/x509)
 */
import type { X509Certificate } from 'node:crypto';
import { credentialKey, type UserInfo } from './user.ts';

export interface CertificateTrust {
  readonly authorities: readonly X509Certificate[];
  /** Says why a certificate does not count although an authority vouches for it; null where it does. */
  readonly refuses?: (leaf: X509Certificate) => string | null;
}

/** Authorities between a client and one that is trusted. */
const longestChain = 8;
const clientUsage = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';

/** Why the certificate does not count; null where it does. @param chain as the client showed it, its own first. */
export function checkCertificate(
  chain: readonly X509Certificate[],
  trust: CertificateTrust,
  nowMs: number,
): string | null {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return 'x509: no certificate';
  if (!isCurrent(leaf, nowMs)) return 'x509: certificate has expired or is not yet valid';
  if (!isForClients(leaf)) return 'x509: certificate specifies an incompatible key usage';
  const between = others.slice(0, longestChain);
  const isKnown = leadsToAuthority(leaf, between, trust.authorities, nowMs);
  if (!isKnown) return 'x509: certificate signed by unknown authority';
  return trust.refuses?.(leaf) ?? null;
}

/** Null for a certificate without a common name. */
export function userOfCertificate(leaf: X509Certificate): UserInfo | null {
  const name = commonNameOf(leaf);
  if (name === '') return null;
  const hash = leaf.fingerprint256.replaceAll(':', '').toLowerCase();
  return {
    ...{ name, uid: '', groups: textsOf(leaf, 'O') },
    extra: { [credentialKey]: [`X509SHA256=${hash}`] },
  };
}

/** '' where there is none; the last of several. */
export function commonNameOf(leaf: X509Certificate): string {
  return textsOf(leaf, 'CN').at(-1) ?? '';
}

/** Each certificate vouches for the one before it, at last one that is trusted. */
function leadsToAuthority(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  nowMs: number,
): boolean {
  if (authorities.some((one) => isCurrent(one, nowMs) && vouchesFor(one, certificate))) return true;
  // Each is used once, so that certificates which vouch for one another come to an end.
  return between.some(
    (one, index) =>
      isCurrent(one, nowMs) &&
      isForClients(one) &&
      vouchesFor(one, certificate) &&
      leadsToAuthority(one, between.toSpliced(index, 1), authorities, nowMs),
  );
}

function vouchesFor(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isCurrent({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}

/** A certificate that names no use is good for all. */
function isForClients({ keyUsage }: X509Certificate): boolean {
  const usages = (keyUsage as readonly string[] | undefined) ?? [];
  return usages.length === 0 || usages.includes(clientUsage) || usages.includes(anyUsage);
}

/** Part by part and not out of the subject's text, where a name could look like two. */
function textsOf(certificate: X509Certificate, key: 'CN' | 'O'): readonly string[] {
  const subject = certificate.toLegacyObject().subject as unknown as Readonly<Record<string, unknown>>;
  const found = subject?.[key];
  return [found].flat().filter((text) => typeof text === 'string');
}
