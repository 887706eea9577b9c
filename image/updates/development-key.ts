/**
 * The key that updates are signed with where an operator has made none. Everybody knows it, and a device says so: it is
 * for trying things out.
 */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';

/** PKCS #8 in front of the 32 bytes of an Ed25519 key (RFC 8410). */
const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const seed = createHash('sha256').update('trivet development key').digest();
const privateKey = createPrivateKey({ key: Buffer.concat([prefix, seed]), format: 'der', type: 'pkcs8' });

/** PEM. */
export const developmentPublicKey = createPublicKey(privateKey)
  .export({ format: 'pem', type: 'spki' })
  .toString();

/** @returns the Ed25519 signature of the bytes. */
export function signForDevelopment(bytes: Uint8Array): Uint8Array {
  return sign(null, bytes, privateKey);
}
