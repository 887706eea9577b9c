/** Which keys an image must be signed with: those that the person names, or those that it carries itself. */
import type { X509Certificate } from 'node:crypto';
import path from 'node:path';
import type { BootPartition } from '../inspect/boot-partition.ts';
import { type ImageFile, readOptional } from '../inspect/image-file.ts';
import { developmentKeys } from '../signing/development-keys.ts';
import { readEnrolmentFile } from '../signing/enrolment.ts';
import { publicKeyFile, readCertificate, readPublicKey } from '../signing/key-directory.ts';

export interface KeySource {
  /** A directory of keys; the public halves are enough. */
  readonly keysDirectory: string | null;
  /** Only the key for files. */
  readonly publicKeyFile: string | null;
}

export interface ExpectedKey<Key> {
  readonly key: Key;
  /** How far a signature by it can be trusted, for people. */
  readonly trust: string;
}

const byDevelopment = 'the development keys, which everybody has: it proves nothing about who made it';

/** Null when there is no key at all. @throws BuildError `keys` when a named one cannot be read. */
export async function expectedPublicKey(
  image: ImageFile,
  source: KeySource,
): Promise<ExpectedKey<string> | null> {
  const named =
    source.publicKeyFile ??
    (source.keysDirectory === null ? null : path.join(source.keysDirectory, publicKeyFile));
  if (named !== null) return { key: await readPublicKey(named), trust: `the key of ${named}` };
  const beside = path.join(image.directory, publicKeyFile);
  if ((await readOptional(beside)) === null) return null;
  const key = await readPublicKey(beside);
  const isDevelopment = key === (await developmentKeys()).publicKeyPem;
  return { key, trust: isDevelopment ? byDevelopment : 'the key beside it; --public-key checks whose it is' };
}

/** Null when the image carries no certificate. @throws BuildError `keys` when a named one cannot be read. */
export async function expectedCertificate(
  boot: BootPartition,
  source: KeySource,
): Promise<ExpectedKey<X509Certificate> | null> {
  if (source.keysDirectory !== null) {
    const file = path.join(source.keysDirectory, 'db.crt');
    return { key: await readCertificate(file), trust: `the key of ${file}` };
  }
  if (boot.enrolment === null) return null;
  const key = readEnrolmentFile(boot.enrolment.db);
  const { certificate } = (await developmentKeys()).secureBoot.db;
  const isDevelopment = certificate.raw.equals(key.raw);
  return { key, trust: isDevelopment ? byDevelopment : 'the key it carries; --keys checks whose it is' };
}
