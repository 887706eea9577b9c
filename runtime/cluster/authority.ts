/** The CA's certificate and key, and how the key is sealed for the datastore. `certificates.ts` makes them. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** While it takes the place of another: that one's certificate for its key (PEM); else empty. */
  readonly cross: string;
  /** And the certificates of those whose place it takes (PEM, in a row); else empty. */
  readonly previous: string;
}

/** The CAs that a member trusts, the present one first, in PEM. */
export function bundleOf({
  certificate,
  previous,
}: Pick<CertificateAuthority, 'certificate' | 'previous'>): string {
  return certificate + previous;
}

export function hashOfBundle(bundle: string): string {
  return createHash('sha256').update(bundle).digest('hex');
}

/** Seals what only voters may read in the datastore: AES-256-GCM, nonce, tag and ciphertext in a row. */
export function sealText(text: string, sealingKey: Buffer): Uint8Array {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce);
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]));
}

/** The inverse; throws when the key is another one or the bytes were changed. */
export function openSealedText(sealed: Uint8Array, sealingKey: Buffer): string {
  const decipher = createDecipheriv('aes-256-gcm', sealingKey, sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(12, 28));
  return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString('utf8');
}
