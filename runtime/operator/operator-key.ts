/**
 * The operator's key as two files in a directory of the workstation: `operator.key`, which never leaves it, and
 * `operator.pub`, one line that images carry. The builder makes it, the commands that ask machines from afar use it.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const operatorKeyFile = 'operator.key';
export const operatorPublicFile = 'operator.pub';

export interface OperatorKey {
  readonly file: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** The public half in DER (SPKI), in Base64: what a configuration's `operators` names. */
  readonly publicKey: string;
}

/** The key cannot be read, made or used; the message says which file and what to do. */
export class OperatorKeyError extends Error {
  override readonly name = 'OperatorKeyError';
}

/** The person's own directory, where no directory of keys is named: `$XDG_CONFIG_HOME/trivet`, or `~/.config/trivet`. */
export function personalDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  return path.join(environment.XDG_CONFIG_HOME || path.join(os.homedir(), '.config'), 'trivet');
}

/** Where commands look for it: `keys` in the working directory, where `trivet keys create` puts it, or the person's own. */
export function operatorDirectory(): string {
  return existsSync(path.join('keys', operatorKeyFile)) ? 'keys' : personalDirectory();
}

/** Reads the key of a directory, or makes one there; `made` says which. Throws `OperatorKeyError`. */
export function provideOperatorKey(directory: string): OperatorKey & { readonly made: boolean } {
  const file = path.join(directory, operatorKeyFile);
  if (existsSync(file)) return { ...readOperatorKey(directory), made: false };
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeKey(file);
    const key = readOperatorKey(directory);
    writeFileSync(path.join(directory, operatorPublicFile), `${key.publicKey}\n`);
    return { ...key, made: true };
  } catch (error) {
    if (error instanceof OperatorKeyError) throw error;
    throw new OperatorKeyError(`The operator's key cannot be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function writeKey(file: string): void {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  try {
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    // Another build was quicker: its key is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Throws `OperatorKeyError`. */
export function readOperatorKey(directory: string): OperatorKey {
  const file = path.join(directory, operatorKeyFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'there is no such file; trivet build makes it' : messageOf(error);
    throw new OperatorKeyError(`${file} cannot be read: ${reason}.`, { cause: error });
  }
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('it is of another kind');
    const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64');
    return { file, privateKey: text, publicKey };
  } catch (error) {
    throw new OperatorKeyError(
      `${file} is not a P-256 key in PEM without a password: take it from your backup, or remove it and build the image anew.`,
      { cause: error },
    );
  }
}

/** `SHA256:` and 64 hexadecimal digits, of a public key as configurations name it. */
export function operatorFingerprint(publicKey: string): string {
  return `SHA256:${createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex')}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
