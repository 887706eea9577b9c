/** Ed25519 keys as short texts: a batch's public key as configurations name it, and the keys inside vouchers. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** `k1.` and 32 bytes in base64url, without padding. */
const batchKeyPattern = /^k1\.([A-Za-z0-9_-]{43})$/;
/** What stands before the 32 bytes in PKCS #8 (RFC 8410, section 7) and SPKI (section 4). */
const privatePrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/** @param key an Ed25519 key, private or public. */
export function formatBatchKey(key: KeyObject): string {
  return `k1.${rawPublicKey(key).toString('base64url')}`;
}

/** null for what is no batch's public key. */
export function parseBatchKey(text: string): KeyObject | null {
  const bytes = exactBase64(batchKeyPattern.exec(text)?.[1] ?? '', 32);
  return bytes === null ? null : publicKeyOf(bytes);
}

/** What people compare: 32 digits of the SHA-256 of the 32 bytes of the key. */
export function fingerprintOfKey(text: string): string {
  return fingerprintOf(Buffer.from(text.replace(/^k1\./, ''), 'base64url'));
}

export function fingerprintOf(rawKey: Uint8Array): string {
  return createHash('sha256').update(rawKey).digest('hex').slice(0, 32);
}

export function publicKeyOf(raw: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([publicPrefix, raw]), format: 'der', type: 'spki' });
}

export function privateKeyOf(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([privatePrefix, seed]), format: 'der', type: 'pkcs8' });
}

/** @param key private or public. */
export function rawPublicKey(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(publicPrefix.length);
}

export function seedOf(privateKey: KeyObject): Buffer {
  return privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privatePrefix.length);
}

/** The bytes, or null where the text is not the one way of writing so many: two texts must not mean the same. */
export function exactBase64(text: string, length: number | null): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text || bytes.length === 0) return null;
  return length === null || bytes.length === length ? bytes : null;
}
