/**
 * Who this node is: a key made on first boot and never copied, and an id that follows from it. Lost with the
 * data partition; a wiped disk is a new node.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { DamagedError } from '../datastore/recovery.ts';
import { makeDirectoryDurably, readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import { nodeIdOf } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';

export interface Identity {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key (SPKI, DER). */
  readonly id: NodeId;
  /** What people call it; unique enough, not relied upon. */
  readonly name: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** SPKI in PEM. */
  readonly publicKey: string;
}

/** The data directory cannot be used by this agent; the message says why and what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/** Raised when the layout of the data directory changes; another one is refused by name. */
const directoryFormat = 1;

/** Reads the identity, or makes one in an empty data directory. Throws `DataDirectoryError` or `DamagedError`. */
export function loadIdentity(dataDirectory: string, configuredName: string | undefined): Identity {
  makeDirectoryDurably(dataDirectory);
  checkFormat(dataDirectory);
  const directory = path.join(dataDirectory, 'identity');
  makeDirectoryDurably(directory);
  const keyFile = path.join(directory, 'key.pem');
  const privateKey = readTextIfPresent(keyFile) ?? createKey(keyFile);
  const publicKey = derivePublicKey(keyFile, privateKey);
  const id = nodeIdOf(publicKey);
  return { id, name: configuredName ?? defaultName(id), privateKey, publicKey };
}

function checkFormat(dataDirectory: string): void {
  const file = path.join(dataDirectory, 'format');
  const found = readTextIfPresent(file);
  if (found === null) writeFileDurably(file, `${directoryFormat}\n`);
  else if (found.trim() !== String(directoryFormat)) {
    const text = `${dataDirectory} was written by another version of Trivet (format ${found.trim()}; this one reads ${directoryFormat}): start the version that wrote it, or name another dataDirectory.`;
    throw new DataDirectoryError(text);
  }
}

function createKey(keyFile: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  writeFileDurably(keyFile, pem);
  return pem;
}

function derivePublicKey(keyFile: string, privateKey: string): string {
  try {
    return createPublicKey(createPrivateKey(privateKey)).export({ format: 'pem', type: 'spki' }).toString();
  } catch {
    throw new DamagedError(`${keyFile} holds no usable key: this node's identity is lost.`);
  }
}

/** The host's name where the image gave it one of its own; else one that follows from the id. */
function defaultName(id: NodeId): string {
  const host = hostname().split('.')[0]?.toLowerCase() ?? '';
  const usable = /^[a-z0-9]([a-z0-9-]{0,57}[a-z0-9])?$/.test(host) && host !== 'localhost';
  return usable ? `${host}-${id.slice(0, 4)}` : `node-${id.slice(0, 8)}`;
}
