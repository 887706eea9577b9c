/** Whether a batch's directory is what was made: its signature, and that every file fits the list. */
import type { KeyObject } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { formatBatchKey } from '../../runtime/vouchers/batch-key.ts';
import {
  type BatchDevice,
  type Manifest,
  readClaim,
  readSignedManifest,
} from '../../runtime/vouchers/manifest.ts';
import { parseVoucher } from '../../runtime/vouchers/voucher.ts';
import { BuildError } from '../build-error.ts';
import { csvText, jsonText, names } from './batch-files.ts';
import { drawLabel } from './label.ts';

export interface VerifiedBatch {
  readonly manifest: Manifest;
  /** What is wrong, each with its file; none when all is well. */
  readonly problems: readonly string[];
}

/**
 * @param key the batch must be signed with it; null takes the key that the manifest names.
 * @throws BuildError `verification` for a directory without a manifest that can be believed.
 */
export async function verifyBatch(
  directory: string,
  key: KeyObject | null,
  onProgress: (done: number, total: number) => void,
): Promise<VerifiedBatch> {
  const manifest = await readManifest(directory, key);
  const problems = [
    ...(await checkText(directory, names.csv, csvText(manifest.devices))),
    ...(await checkText(directory, names.json, jsonText(manifest))),
    ...(await checkClaim(directory, manifest)),
    ...(await findStrangers(
      path.join(directory, names.bundles),
      new Set(manifest.devices.map(({ id }) => id)),
    )),
    ...(await findStrangers(
      path.join(directory, names.labels),
      new Set(manifest.devices.map(({ id }) => `${id}.svg`)),
    )),
  ];
  for (const [index, device] of manifest.devices.entries()) {
    problems.push(...(await checkBundle(directory, device, manifest)));
    problems.push(
      ...(await checkText(directory, path.join(names.labels, `${device.id}.svg`), drawLabel(device))),
    );
    onProgress(index + 1, manifest.devices.length);
  }
  return { manifest, problems };
}

async function readManifest(directory: string, key: KeyObject | null): Promise<Manifest> {
  const file = path.join(directory, names.manifest);
  const text = await readFile(file, 'utf8').catch((cause: Error) => refuse(directory, cause));
  const signature = await readFile(path.join(directory, names.signature)).catch((cause: Error) =>
    refuse(directory, cause),
  );
  const manifest = readSignedManifest(text, signature);
  if ('fault' in manifest)
    throw new BuildError('verification', `${file} is not to be believed: ${manifest.fault}.`);
  if (key !== null && formatBatchKey(key) !== manifest.key)
    throw new BuildError('verification', `${file} is signed with another key than the one given (--key).`);
  return manifest;
}

function refuse(directory: string, cause: Error): never {
  throw new BuildError(
    'verification',
    `${directory} is no batch (trivet factory batch makes one): ${cause.message}`,
    { cause },
  );
}

async function checkText(directory: string, name: string, expected: string): Promise<string[]> {
  const found = await readOrNull(path.join(directory, name));
  if (found === null) return [`${name} is missing`];
  return found === expected ? [] : [`${name} is not what was made from the manifest`];
}

async function checkClaim(directory: string, manifest: Manifest): Promise<string[]> {
  const text = await readOrNull(path.join(directory, names.claim));
  if (text === null) return [`${names.claim} is missing`];
  const claim = readClaim(text);
  if ('fault' in claim) return [`${names.claim}: ${claim.fault}`];
  const isSame = JSON.stringify(claim.manifest) === JSON.stringify(manifest);
  return [
    ...(isSame ? [] : [`${names.claim} is for another batch`]),
    ...(await checkSecrecy(directory, names.claim)),
  ];
}

async function checkBundle(directory: string, device: BatchDevice, manifest: Manifest): Promise<string[]> {
  const name = path.join(names.bundles, device.id, names.config);
  const text = await readOrNull(path.join(directory, name));
  if (text === null) return [`${name} is missing`];
  const problem = judgeBundle(text, device, manifest);
  return [...(problem === null ? [] : [`${name}: ${problem}`]), ...(await checkSecrecy(directory, name))];
}

interface Bundle {
  readonly cluster?: {
    readonly name?: unknown;
    readonly voucher?: unknown;
    readonly enrolment?: { readonly vouchers?: readonly unknown[] };
  };
  readonly node?: { readonly name?: unknown };
}

function judgeBundle(text: string, device: BatchDevice, manifest: Manifest): string | null {
  const bundle = readBundle(text);
  const voucher = parseVoucher(String(bundle?.cluster?.voucher));
  if (voucher === null) return 'it has no voucher that is in order';
  const { id, fingerprint, name, serial } = voucher;
  const isListed =
    id === device.id &&
    fingerprint === device.fingerprint &&
    name === device.name &&
    serial === device.serial &&
    voucher.kind === 'device';
  if (!isListed) return `its voucher is that of another device (${id})`;
  const { batchKey, batch, cluster } = voucher;
  if (batchKey !== manifest.key || batch !== manifest.batch || cluster !== manifest.cluster)
    return 'its voucher is of another batch';
  if (bundle?.cluster?.name !== manifest.cluster) return `cluster.name is not ${manifest.cluster}`;
  if (!bundle?.cluster?.enrolment?.vouchers?.includes(manifest.key))
    return 'cluster.enrolment.vouchers does not name the key of the batch';
  return (bundle.node?.name ?? null) === device.name ? null : `node.name is not ${device.name}`;
}

function readBundle(text: string): Bundle | null {
  try {
    return parse(text) as Bundle | null;
  } catch {
    return null;
  }
}

async function checkSecrecy(directory: string, name: string): Promise<string[]> {
  const { mode } = await stat(path.join(directory, name));
  return (mode & 0o077) === 0 ? [] : [`${name} can be read by others: chmod 600`];
}

async function findStrangers(directory: string, listed: ReadonlySet<string>): Promise<string[]> {
  const found = await readdir(directory).catch(() => []);
  return found
    .filter((name) => !listed.has(name))
    .map((name) => `${path.basename(directory)}/${name} is in no list of this batch`);
}

function readOrNull(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch(() => null);
}
