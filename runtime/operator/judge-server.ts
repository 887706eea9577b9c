/**
 * Who answers an operator: a machine that proves its own key alone, since it is no member yet, or a member of a cluster by the
 * cluster's CA. A pure decision. TLS has proved the key of the certificate by then; everything else comes from a stranger.
 */
import { X509Certificate } from 'node:crypto';
import { fingerprintOf, isIssuedBy, splitBundle } from '../peers/trust.ts';

/** What a server says for itself (`hello`); all in PEM. */
export interface Claims {
  readonly ca: string;
  readonly history: string;
}

export type Judgement =
  /** It proves no more than its key. */
  | { readonly kind: 'blank' }
  /** Its certificate is of a CA that it shows; `ca` (PEM) are those of the cluster, the present one first. */
  | { readonly kind: 'member'; readonly ca: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Without knowing the cluster: whether what the server shows fits together. */
export function judgeServer(leaf: X509Certificate, { ca }: Pick<Claims, 'ca'>): Judgement {
  const authorities = readCertificates(ca);
  if (authorities === null) return { kind: 'refused', reason: 'the CA that it shows cannot be read' };
  if (authorities.length === 0) {
    return isSelfSigned(leaf)
      ? { kind: 'blank' }
      : { kind: 'refused', reason: 'it shows a certificate of a CA that it does not name' };
  }
  // While one CA takes the place of another, a node may still have a certificate of the old one.
  const isFromOne = authorities.some((each) => each.ca && isSelfSigned(each) && isIssuedBy(leaf, each));
  return isFromOne
    ? { kind: 'member', ca: authorities.join('') }
    : { kind: 'refused', reason: 'its certificate is not of the CA that it names' };
}

/**
 * Whether the server belongs to the cluster whose CAs were `pinned` (PEM), and which to know it by from now on (PEM, the
 * present one first): each that took the place of another has that one's word for it. While one does, both are known.
 */
export function followAuthority(
  leaf: X509Certificate,
  { ca, history }: Claims,
  pinned: string,
): string | null {
  const words = readCertificates(history);
  const authorities = readCertificates(ca);
  if (words === null || authorities === null) return null;
  const trusted = readCertificates(pinned) ?? [];
  // Every round believes at least one word more, or ends.
  for (let added = true; added; ) {
    const believed = words.filter(
      (word) => word.ca && !trusted.includes(word) && trusted.some((each) => isIssuedBy(word, each)),
    );
    trusted.push(...believed);
    added = believed.length > 0;
  }
  if (!trusted.some((each) => isIssuedBy(leaf, each))) return null;
  const isTrusted = (each: X509Certificate): boolean =>
    isSelfSigned(each) &&
    trusted.some((known) => fingerprintOf(known.publicKey) === fingerprintOf(each.publicKey));
  const now = authorities.filter(isTrusted);
  return now.length > 0 && now[0] === authorities[0] ? now.join('') : pinned;
}

/** SHA-256 of the first CA's certificate (PEM), 64 hexadecimal digits; `trivet ca status` shows the first half of them. */
export function authorityFingerprint(ca: string): string {
  return new X509Certificate(ca).fingerprint256.replaceAll(':', '').toLowerCase();
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** null when one of them cannot be read. */
function readCertificates(bundle: string): X509Certificate[] | null {
  try {
    return splitBundle(bundle).map((pem) => new X509Certificate(pem));
  } catch {
    return null;
  }
}
