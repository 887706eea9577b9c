/**
 * One-time tokens for enrolment. A token names itself, carries a secret of 128 bits that is proved by the TLS handshake and
 * never sent, and pins the cluster's CA, so that who holds it knows which cluster it has come to.
 */
import { createHash, hkdfSync, randomBytes, X509Certificate } from 'node:crypto';
import type { SecretKeys } from './secret.ts';

export interface Token {
  /** 8 hexadecimal digits; no secret. */
  readonly id: string;
  /** 32 hexadecimal digits. */
  readonly secret: string;
  /** The first 32 hexadecimal digits of the SHA-256 of the CA's certificate (DER). */
  readonly caHash: string;
}

export const tokenIdPattern = /^[0-9a-f]{8}$/;
const tokenPattern = /^t1-([0-9a-f]{8})-([0-9a-f]{32})-([0-9a-f]{32})$/;
const identityPrefix = 'trivet-token/';

/** @param caCertificate PEM. */
export function createToken(caCertificate: string): Token {
  return {
    id: randomBytes(4).toString('hex'),
    secret: randomBytes(16).toString('hex'),
    caHash: caHashOf(caCertificate),
  };
}

export function formatToken({ id, secret, caHash }: Token): string {
  return `t1-${id}-${secret}-${caHash}`;
}

/** null for what is no token. */
export function parseToken(text: string): Token | null {
  const [, id, secret, caHash] = tokenPattern.exec(text) ?? [];
  return id !== undefined && secret !== undefined && caHash !== undefined ? { id, secret, caHash } : null;
}

export function caHashOf(caCertificate: string): string {
  const { raw } = new X509Certificate(caCertificate);
  return createHash('sha256').update(raw).digest('hex').slice(0, 32);
}

/** What both sides of an enrolment by this token prove. No scrypt: nobody guesses 128 random bits. */
export function tokenKeys({ id, secret }: Pick<Token, 'id' | 'secret'>): SecretKeys {
  const key = hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'trivet token psk v1', 32);
  return { preSharedKey: Buffer.from(key), identity: identityPrefix + id };
}

/** The token that a pre-shared key's identity names; null for the enrolment secret's. */
export function tokenIdOf(identity: string): string | null {
  const id = identity.startsWith(identityPrefix) ? identity.slice(identityPrefix.length) : '';
  return tokenIdPattern.test(id) ? id : null;
}
