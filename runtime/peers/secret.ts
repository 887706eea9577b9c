/** The enrolment secret as a TLS pre-shared key: proved in both directions by the handshake, never sent. */
import { hkdfSync, scryptSync } from 'node:crypto';

export interface SecretKeys {
  /** What both sides of an enrolment prove. */
  readonly preSharedKey: Buffer;
  /** Which secret is meant; carries nothing of it. */
  readonly identity: string;
}

/** Which secret a handshake means: that of the cluster of this name. */
export function secretIdentity(clusterName: string): string {
  return `trivet/${clusterName}`;
}

/** Scrypt's cost; about 50 ms on a PC, half a second on a small board, once at start. */
const scryptCost = { N: 16384, r: 8, p: 1 };

/**
 * Derives the keys. Scrypt makes guessing against a recorded handshake slow; the cluster's name is the salt, so
 * that one secret used for two clusters gives two keys.
 */
export function deriveSecretKeys(clusterName: string, secret: string): SecretKeys {
  const master = scryptSync(secret, secretIdentity(clusterName), 32, scryptCost);
  const derive = (purpose: string): Buffer => Buffer.from(hkdfSync('sha256', master, '', purpose, 32));
  return {
    preSharedKey: derive('trivet enrolment psk v1'),
    identity: secretIdentity(clusterName),
  };
}

/** The one TLS 1.2 suite for enrolment: forward secret, so that a secret learnt later opens no recorded session. */
export const enrolmentCipher = 'ECDHE-PSK-CHACHA20-POLY1305';
