/** All keys that an image is signed with, and the signature of files. */
import { createHash, createPublicKey, type KeyObject, sign, verify, type X509Certificate } from 'node:crypto';
import type { SecureBootKeys } from './enrolment.ts';

/** Development keys are known to everybody; an operator's are not. */
export type KeyKind = 'development' | 'operator';

export interface ImageKeys {
  readonly kind: KeyKind;
  readonly secureBoot: SecureBootKeys;
  /** Ed25519: signs SHA256SUMS and updates. */
  readonly filePrivateKey: KeyObject;
  /** The public half as an image carries it. */
  readonly publicKeyPem: string;
}

/** The raw Ed25519 signature, 64 bytes. */
export function signFile(keys: Pick<ImageKeys, 'filePrivateKey'>, bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, keys.filePrivateKey);
}

export function isSignedBy(publicKeyPem: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, createPublicKey(publicKeyPem), signature);
}

export function publicKeyPemOf(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}

/** SHA-256 of a certificate, or of a public key in DER, as `openssl` prints the former. */
export function fingerprintOf(key: X509Certificate | string): string {
  const bytes =
    typeof key === 'string' ? createPublicKey(key).export({ type: 'spki', format: 'der' }) : key.raw;
  return createHash('sha256').update(bytes).digest('hex').toUpperCase().match(/../g)!.join(':');
}
