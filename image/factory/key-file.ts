/** The key of a factory's batches, in a file: made when it is not there, else taken again. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { lstat, writeFile } from 'node:fs/promises';
import { BuildError } from '../build-error.ts';
import { readPrivateKey, writePrivate } from '../signing/key-directory.ts';

export interface BatchKey {
  readonly file: string;
  readonly privateKey: KeyObject;
  /** It was not there before. */
  readonly isNew: boolean;
}

/** Beside the directory of the keys that images are signed with, which `trivet keys create` makes as a whole. */
export const defaultKeyFile = 'factory.key';

/** @throws BuildError `keys`. */
export async function provideBatchKey(file: string): Promise<BatchKey> {
  const isThere = await lstat(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  );
  if (isThere) return { file, privateKey: await readPrivateKey(file, 'ed25519'), isNew: false };
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  try {
    await writePrivate(file, privateKey);
    await writeFile(publicFileOf(file), publicKey.export({ type: 'spki', format: 'pem' }));
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such directory' : String(cause);
    throw new BuildError('keys', `A key for batches cannot be written to ${file}: ${reason}.`, { cause });
  }
  return { file, privateKey, isNew: true };
}

/** For whoever checks a batch. */
export function publicFileOf(file: string): string {
  return file.replace(/(\.key)?$/, '.pub');
}

/** @param file a private key or its public half. @throws BuildError `keys`. */
export async function readBatchPublicKey(text: string, file: string): Promise<KeyObject> {
  try {
    const key = createPublicKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new BuildError('keys', `${file} is no key in PEM.`, { cause });
  }
  throw new BuildError('keys', `${file} holds no Ed25519 key, and a batch's is one.`);
}
