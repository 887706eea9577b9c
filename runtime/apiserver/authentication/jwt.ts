/**
 * Signed tokens: JWS in its compact form with a JSON object inside (RFC 7515, RFC 7519). The key decides which algorithm
 * it is good for, never the token, so that `none` and a public key taken for a shared secret come to nothing.
 */
import { type KeyObject, sign, verify } from 'node:crypto';

export type SigningAlgorithm = 'RS256' | 'ES256' | 'ES384' | 'ES512';

/** A token whose signature nobody has looked at. */
export interface UnverifiedToken {
  readonly algorithm: string;
  /** '' where the token names none. */
  readonly keyId: string;
  readonly claims: Claims;
  readonly signedText: string;
  readonly signature: Buffer;
}

export type Claims = Readonly<Record<string, unknown>>;

/** Longer ones are not read: no token of a user with thousands of groups comes near. */
const longestToken = 64 * 1024;

const base64url = /^[A-Za-z0-9_-]+$/;

/** Null for what is no such token. */
export function readToken(token: string): UnverifiedToken | null {
  if (token.length > longestToken) return null;
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every((part) => base64url.test(part))) return null;
  const [head, body, signature] = parts as [string, string, string];
  const header = readObject(head);
  const claims = readObject(body);
  // Whoever marks a header as critical wants it understood, and none is here.
  if (header === null || claims === null || Object.hasOwn(header, 'crit')) return null;
  const { alg, kid } = header;
  return {
    algorithm: typeof alg === 'string' ? alg : '',
    keyId: typeof kid === 'string' ? kid : '',
    claims,
    signedText: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

export function hasSignatureOf(token: UnverifiedToken, key: KeyObject): boolean {
  const algorithm = algorithmOf(key);
  if (algorithm === null || token.algorithm !== algorithm) return false;
  return verify(hashes[algorithm], Buffer.from(token.signedText), keyInput(key), token.signature);
}

/** The token, signed. Keys of objects stand in the order of the alphabet, as the real server writes them. */
export function signToken(claims: Claims, key: KeyObject, keyId: string): string {
  const algorithm = algorithmOf(key);
  if (algorithm === null)
    throw new Error('The key can sign no tokens: neither RSA nor a P-256, P-384 or P-521 curve');
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: algorithm, kid: keyId })}.${encode(claims)}`;
  return `${text}.${sign(hashes[algorithm], Buffer.from(text), keyInput(key)).toString('base64url')}`;
}

const hashes = { RS256: 'sha256', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512' } as const;
const curves: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/** Null for a key that is good for none. */
export function algorithmOf(key: KeyObject): SigningAlgorithm | null {
  if (key.asymmetricKeyType === 'rsa') return 'RS256';
  if (key.asymmetricKeyType !== 'ec') return null;
  return curves[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? null;
}

/** Signatures of curves are two numbers side by side in a token, and not ASN.1. */
function keyInput(key: KeyObject): { readonly key: KeyObject; readonly dsaEncoding: 'ieee-p1363' } {
  return { key, dsaEncoding: 'ieee-p1363' };
}

function readObject(part: string): Claims | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}
