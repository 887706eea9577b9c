/** Of which cluster this node is a member, and what it holds to prove it. `member.json` is written last: without it the node is blank. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { memberFile } from '../config/member-file.ts';
import { DamagedError } from '../datastore/recovery.ts';
import { makeDirectoryDurably, readTextIfPresent, writeFileDurably } from '../files/durable.ts';
import type { Credentials } from '../peers/trust.ts';
import { type CertificateAuthority, openSealedText, sealText } from './authority.ts';
import { DataDirectoryError, type Identity } from './identity.ts';
import { loadSealingKey, saveSealingKey } from './sealing-key.ts';
import { type OwnCharter, ownCharterSchema } from './voucher-proof.ts';

export interface Membership {
  readonly credentials: Credentials;
  /**
   * The CA with its key: on the node that starts the cluster, and only until the datastore holds it. This is also
   * how the node knows, after a power cut, that it still has to begin the log.
   */
  readonly authority: CertificateAuthority | null;
  /** Of the cluster that this node has started, until the datastore holds it; else null. */
  readonly charter: OwnCharter | null;
  /** Made by the node that starts the cluster; null on any other, which gets it when it votes. */
  readonly newSealingKey: Buffer | null;
}

export type OwnCluster = z.infer<typeof memberSchema>;

const memberSchema = z.object({
  clusterId: z.string().regex(/^[0-9a-f]{16}$/),
  clusterName: z.string(),
});

function files(dataDirectory: string) {
  const directory = path.join(dataDirectory, 'pki');
  return {
    directory,
    member: memberFile(dataDirectory),
    caCertificate: path.join(directory, 'ca.crt'),
    /** Sealed from the beginning: what is deleted from a disk may be found on it for long. */
    caKey: path.join(directory, 'ca.key.sealed'),
    certificate: path.join(directory, 'node.crt'),
    charter: path.join(directory, 'charter.sealed'),
  };
}

/** The cluster that the data in this directory belong to; null on a blank node. Throws `DamagedError` for a damaged note of it. */
export function loadOwnCluster(dataDirectory: string): OwnCluster | null {
  const file = memberFile(dataDirectory);
  const text = readTextIfPresent(file);
  return text === null ? null : parseMember(file, text);
}

/** null on a blank node. Throws `DataDirectoryError` for the directory of another cluster, `DamagedError` for a damaged one. */
export function loadMembership(
  dataDirectory: string,
  identity: Identity,
  clusterName: string,
): Membership | null {
  const at = files(dataDirectory);
  const member = loadOwnCluster(dataDirectory);
  if (member === null) return null;
  if (member.clusterName !== clusterName) {
    throw new DataDirectoryError(
      `${dataDirectory} belongs to the cluster "${member.clusterName}", but the configuration names "${clusterName}": correct cluster.name, or name another dataDirectory to join the other cluster as a new node.`,
    );
  }
  const caCertificate = readRequired(at.caCertificate);
  return {
    credentials: {
      clusterId: member.clusterId,
      nodeId: identity.id,
      privateKey: identity.privateKey,
      certificate: readRequired(at.certificate),
      caCertificate,
    },
    authority: loadAuthority(dataDirectory, caCertificate),
    charter: loadCharter(dataDirectory),
    newSealingKey: null,
  };
}

function loadAuthority(dataDirectory: string, certificate: string): CertificateAuthority | null {
  const privateKey = readSealed(dataDirectory, files(dataDirectory).caKey);
  return privateKey === null ? null : { certificate, privateKey, cross: '', previous: '' };
}

/** A founder of an earlier version has left none. */
function loadCharter(dataDirectory: string): OwnCharter | null {
  const { charter } = files(dataDirectory);
  const text = readSealed(dataDirectory, charter);
  if (text === null) return null;
  try {
    return ownCharterSchema.parse(JSON.parse(text));
  } catch {
    throw damaged(charter);
  }
}

function readSealed(dataDirectory: string, file: string): string | null {
  const sealed = readTextIfPresent(file);
  if (sealed === null) return null;
  const sealingKey = loadSealingKey(dataDirectory);
  if (sealingKey === null) throw damaged(file);
  try {
    return openSealedText(Buffer.from(sealed, 'base64'), sealingKey);
  } catch {
    throw damaged(file);
  }
}

function writeSealed(file: string, text: string, sealingKey: Buffer): void {
  writeFileDurably(file, Buffer.from(sealText(text, sealingKey)).toString('base64'));
}

/** Makes the membership durable; from here on the node is a member, also after a power cut. */
export function saveMembership(dataDirectory: string, clusterName: string, membership: Membership): void {
  const at = files(dataDirectory);
  const { credentials, authority, charter, newSealingKey } = membership;
  makeDirectoryDurably(at.directory);
  if (newSealingKey) saveSealingKey(dataDirectory, newSealingKey);
  if (charter && newSealingKey) writeSealed(at.charter, JSON.stringify(charter), newSealingKey);
  if (authority && newSealingKey) writeSealed(at.caKey, authority.privateKey, newSealingKey);
  writeFileDurably(at.caCertificate, credentials.caCertificate);
  writeFileDurably(at.certificate, credentials.certificate);
  writeFileDurably(
    at.member,
    `${JSON.stringify({ clusterId: credentials.clusterId, clusterName }, null, 2)}\n`,
  );
}

/** The CAs of the cluster that this node is a member of, in PEM; empty on a blank one. */
export function loadAuthorities(dataDirectory: string): string {
  return readTextIfPresent(files(dataDirectory).caCertificate) ?? '';
}

/** Keeps renewed certificates, those of the CAs first: whoever has a certificate must know its CA. Throws what writing throws. */
export function saveRenewal(
  dataDirectory: string,
  { certificate, caCertificate }: Pick<Credentials, 'certificate' | 'caCertificate'>,
): void {
  const at = files(dataDirectory);
  writeFileDurably(at.caCertificate, caCertificate);
  writeFileDurably(at.certificate, certificate);
}

/** The datastore holds the CA's key now, sealed: the file goes. */
export function forgetAuthorityKey(dataDirectory: string): void {
  const at = files(dataDirectory);
  rmSync(at.caKey, { force: true });
  rmSync(at.charter, { force: true });
}

function parseMember(file: string, text: string): OwnCluster {
  try {
    return memberSchema.parse(JSON.parse(text));
  } catch {
    throw damaged(file);
  }
}

function readRequired(file: string): string {
  const text = readTextIfPresent(file);
  if (text === null) throw damaged(file);
  return text;
}

function damaged(file: string): DamagedError {
  return new DamagedError(`${file} is missing or damaged: this node's membership is lost.`);
}
