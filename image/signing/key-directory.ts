/** An operator's keys as files in one directory: made, read and checked. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { provideOperatorKey } from '../../runtime/operator/operator-key.ts';
import { BuildError } from '../build-error.ts';
import { makeCertificate } from './certificate.ts';
import { type EnrolmentName, enrolmentNames } from './enrolment.ts';
import { type ImageKeys, publicKeyPemOf } from './image-keys.ts';
import type { SigningIdentity } from './signed-data.ts';

export const publicKeyFile = 'image.pub';
const privateKeyFile = 'image.key';
const yearsValid = 30;
/** A machine's clock may be behind the one of whoever made the keys. */
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** @throws BuildError when there is something already, or it cannot be written. */
export async function createKeyDirectory(directory: string, now: Date): Promise<ImageKeys> {
  if (await exists(directory)) {
    throw new BuildError(
      'keys',
      `${directory} exists already, and keys are never overwritten: images of machines in the field could no longer be updated. Name another directory with --dir.`,
    );
  }
  const unfinished = `${directory}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    for (const name of enrolmentNames) await createIdentity(unfinished, name, now);
    const { privateKey } = generateKeyPairSync('ed25519');
    await writePrivate(path.join(unfinished, privateKeyFile), privateKey);
    await writeFile(path.join(unfinished, publicKeyFile), publicKeyPemOf(privateKey));
    provideOperatorKey(unfinished);
    await rename(unfinished, directory);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    throw new BuildError(
      'keys',
      `The keys could not be written to ${directory}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
  return readKeyDirectory(directory, now);
}

async function createIdentity(directory: string, name: EnrolmentName, now: Date): Promise<void> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const notBefore = new Date(Math.floor(now.getTime() / 1000) * 1000 - dayMilliseconds);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + yearsValid);
  const certificate = await makeCertificate({
    ...{ name: `Trivet operator ${name}`, privateKey, notBefore, notAfter },
  });
  await writePrivate(path.join(directory, `${name}.key`), privateKey);
  await writeFile(path.join(directory, `${name}.crt`), certificate.toString());
}

export function writePrivate(file: string, key: KeyObject): Promise<void> {
  return writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
}

/**
 * Reads keys to sign with.
 * @throws BuildError `keys` naming the file that is missing, unreadable, of another kind, expired or no pair.
 */
export async function readKeyDirectory(directory: string, now: Date): Promise<ImageKeys> {
  const read = (name: EnrolmentName): Promise<SigningIdentity> => readIdentity(directory, name, now);
  const [PK, KEK, db] = [await read('PK'), await read('KEK'), await read('db')];
  const file = path.join(directory, privateKeyFile);
  const filePrivateKey = await readPrivateKey(file, 'ed25519');
  const publicKeyPem = await readPublicKey(path.join(directory, publicKeyFile));
  if (publicKeyPem !== publicKeyPemOf(filePrivateKey)) throw mismatch(file, publicKeyFile);
  return { kind: 'operator', secureBoot: { PK, KEK, db }, filePrivateKey, publicKeyPem };
}

async function readIdentity(directory: string, name: EnrolmentName, now: Date): Promise<SigningIdentity> {
  const file = path.join(directory, `${name}.key`);
  const privateKey = await readPrivateKey(file, 'rsa');
  const certificateFile = path.join(directory, `${name}.crt`);
  const certificate = await readCertificate(certificateFile);
  if (!certificate.checkPrivateKey(privateKey)) throw mismatch(file, `${name}.crt`);
  if (new Date(certificate.validTo) < now) {
    throw new BuildError(
      'keys',
      `${certificateFile} is valid until ${certificate.validTo} only: make new keys with trivet keys create.`,
    );
  }
  return { certificate, privateKey };
}

export async function readCertificate(file: string): Promise<X509Certificate> {
  const text = await readKeyFile(file);
  return parse(file, 'a certificate in PEM', () => new X509Certificate(text));
}

/** @returns the key in PEM, in the form that Node writes. */
export async function readPublicKey(file: string): Promise<string> {
  const text = await readKeyFile(file);
  const key = parse(file, 'a public key in PEM', () => createPublicKey(text));
  checkKind(file, key, 'ed25519');
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

export async function readPrivateKey(file: string, kind: 'rsa' | 'ed25519'): Promise<KeyObject> {
  const text = await readKeyFile(file);
  const key = parse(file, 'a private key in PEM, without a password', () => createPrivateKey(text));
  checkKind(file, key, kind);
  return key;
}

function checkKind(file: string, key: KeyObject, kind: string): void {
  if (key.asymmetricKeyType === kind) return;
  throw new BuildError(
    'keys',
    `${file} holds a key of the kind ${key.asymmetricKeyType}, and must hold ${kind}.`,
  );
}

function parse<T>(file: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new BuildError('keys', `${file} is not ${what}. Take it from your backup of the keys.`, { cause });
  }
}

async function readKeyFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file. A directory of keys is made by: trivet keys create',
      EACCES: 'you are not allowed to read it',
    };
    throw new BuildError('keys', `${file} cannot be read: ${reasons[cause.code ?? ''] ?? cause.message}.`, {
      cause,
    });
  });
}

function mismatch(file: string, other: string): BuildError {
  return new BuildError('keys', `${file} and ${other} beside it do not belong together: their keys differ.`);
}

function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
