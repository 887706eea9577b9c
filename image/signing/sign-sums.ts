/** The digests of everything that a build made, signed, with the key to check them. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sumsName, writeSums } from '../disk/sums.ts';
import { publicKeyFile } from './key-directory.ts';
import type { Signer } from './signer.ts';

export const signatureName = `${sumsName}.sig`;

/**
 * Writes SHA256SUMS, its signature and the public key. Anyone can check it:
 * `openssl pkeyutl -verify -pubin -inkey image.pub -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig`
 */
export async function signSums(
  directory: string,
  files: readonly string[],
  known: Readonly<Record<string, string>>,
  signer: Pick<Signer, 'publicKeyPem' | 'signFile'>,
): Promise<void> {
  await writeFile(path.join(directory, publicKeyFile), signer.publicKeyPem);
  const text = await writeSums(directory, files, known);
  await writeFile(path.join(directory, signatureName), signer.signFile(Buffer.from(text)));
}
