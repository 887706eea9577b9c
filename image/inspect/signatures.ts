/** Who signed what of an image. */
import type { X509Certificate } from 'node:crypto';
import path from 'node:path';
import { sumsName } from '../disk/sums.ts';
import { readProgramSignature } from '../signing/authenticode.ts';
import { developmentKeys } from '../signing/development-keys.ts';
import { readEnrolmentFile } from '../signing/enrolment.ts';
import { fingerprintOf, isSignedBy, type KeyKind } from '../signing/image-keys.ts';
import { publicKeyFile } from '../signing/key-directory.ts';
import { signatureName } from '../signing/sign-sums.ts';
import type { BootPartition } from './boot-partition.ts';
import { type ImageFile, readOptional } from './image-file.ts';

export interface InspectedSignature {
  /** A file of the boot partition, or SHA256SUMS. */
  readonly file: string;
  /** Null: not signed. */
  readonly signer: string | null;
  readonly fingerprint: string | null;
  readonly isValid: boolean;
}

export interface InspectedKeys {
  /** Null when the image carries none. */
  readonly kind: KeyKind | null;
  /** Of the certificate for boot programs. */
  readonly secureBootFingerprint: string | null;
  /** Of the key for files and updates. */
  readonly publicKeyFingerprint: string | null;
}

export async function inspectKeys(image: ImageFile, boot: BootPartition | null): Promise<InspectedKeys> {
  const development = await developmentKeys();
  const db = boot?.enrolment ? readEnrolmentFile(boot.enrolment.db) : null;
  const publicKey = (await readOptional(path.join(image.directory, publicKeyFile)))?.toString() ?? null;
  const isDevelopment =
    (db !== null && isSame(db, development.secureBoot.db.certificate)) ||
    (db === null && publicKey === development.publicKeyPem);
  return {
    kind: db === null && publicKey === null ? null : isDevelopment ? 'development' : 'operator',
    secureBootFingerprint: db === null ? null : fingerprintOf(db),
    publicKeyFingerprint: publicKey === null ? null : fingerprintOf(publicKey),
  };
}

export async function inspectSignatures(
  image: ImageFile,
  boot: BootPartition | null,
): Promise<readonly InspectedSignature[]> {
  const programs = (boot?.programs ?? []).map(({ path: file, content }) => inspectProgram(file, content));
  const sums = await readOptional(path.join(image.directory, sumsName));
  if (sums === null) return programs;
  const publicKey = (await readOptional(path.join(image.directory, publicKeyFile)))?.toString();
  const signature = await readOptional(path.join(image.directory, signatureName));
  if (publicKey === undefined || signature === null) {
    return [...programs, { file: sumsName, signer: null, fingerprint: null, isValid: false }];
  }
  const isValid = isSignedBy(publicKey, sums, signature);
  return [
    ...programs,
    { file: sumsName, signer: publicKeyFile, fingerprint: fingerprintOf(publicKey), isValid },
  ];
}

function inspectProgram(file: string, content: Uint8Array): InspectedSignature {
  const nobody = { file, signer: null, fingerprint: null, isValid: false };
  try {
    const signature = readProgramSignature(content);
    if (signature === null) return nobody;
    const { certificate, isValid } = signature;
    return { file, signer: certificate.subject, fingerprint: fingerprintOf(certificate), isValid };
  } catch {
    // Damaged: `verify` says how.
    return nobody;
  }
}

export function isSame(a: X509Certificate, b: X509Certificate): boolean {
  return a.raw.equals(b.raw);
}
