/** Makes a batch: a voucher, a bundle and a label for each device, then the list, signed. All of it appears at once or not at all. */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkPartialConfig } from '../../runtime/config/partial.ts';
import { formatBatchKey } from '../../runtime/vouchers/batch-key.ts';
import {
  type BatchDevice,
  encodeClaim,
  encodeManifest,
  type Manifest,
  signManifest,
} from '../../runtime/vouchers/manifest.ts';
import { issueVoucher } from '../../runtime/vouchers/voucher.ts';
import { BuildError } from '../build-error.ts';
import { bundleText, type ClusterSection, csvText, jsonText, names } from './batch-files.ts';
import type { BatchKey } from './key-file.ts';
import { drawLabel } from './label.ts';
import type { PlannedDevice } from './plan-batch.ts';

export interface BatchOptions {
  /** Must not exist. */
  readonly directory: string;
  readonly clusterName: string;
  readonly cluster: ClusterSection;
  readonly devices: readonly PlannedDevice[];
  readonly key: BatchKey;
  readonly now: Date;
  readonly signal: AbortSignal;
  onProgress(done: number, total: number): void;
}

/** Files that are written side by side. */
const atOnce = 32;
const secretMode = 0o600;

/** @throws BuildError `factory`; `interrupted` when the signal came. Nothing is left then. */
export async function writeBatch(options: BatchOptions): Promise<Manifest> {
  const { directory } = options;
  if (await exists(directory))
    throw new BuildError(
      'factory',
      `${directory} exists already, and a batch is never overwritten: its devices may be on their way. Name another directory with --out.`,
    );
  // Beside it, also where the name ends in a slash.
  const unfinished = `${path.resolve(directory)}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const manifest = await fill(unfinished, options);
    await rename(unfinished, directory);
    return manifest;
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    if (options.signal.aborted) throw new BuildError('interrupted', 'Stopped. No batch was made.', { cause });
    if (cause instanceof BuildError) throw cause;
    throw new BuildError(
      'factory',
      `The batch cannot be written to ${directory}: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

async function fill(directory: string, options: BatchOptions): Promise<Manifest> {
  const { clusterName: cluster, devices: planned, key, now } = options;
  const batch = randomBytes(4).toString('hex');
  for (const folder of [names.bundles, names.labels]) await mkdir(path.join(directory, folder));
  const devices: BatchDevice[] = [];
  for (let at = 0; at < planned.length; at += atOnce) {
    options.signal.throwIfAborted();
    const some = planned.slice(at, at + atOnce);
    devices.push(
      ...(await Promise.all(some.map((device) => writeDevice(directory, batch, device, options)))),
    );
    options.onProgress(devices.length, planned.length);
  }
  if (new Set(devices.map(({ id }) => id)).size !== devices.length)
    throw new BuildError('factory', 'Two vouchers have the same id, by chance: make the batch again.');
  const created = now.toISOString();
  const manifest: Manifest = {
    format: 1,
    batch,
    cluster,
    key: formatBatchKey(key.privateKey),
    created,
    devices,
  };
  const text = encodeManifest(manifest);
  const signature = signManifest(text, key.privateKey);
  const claim = issueVoucher(key.privateKey, { kind: 'claim', batch, cluster, name: null, serial: null });
  await writeFile(path.join(directory, names.manifest), text);
  await writeFile(path.join(directory, names.signature), signature);
  await writeFile(path.join(directory, names.csv), csvText(devices));
  await writeFile(path.join(directory, names.json), jsonText(manifest));
  const claimFile = path.join(directory, names.claim);
  await writeFile(claimFile, encodeClaim(text, signature, claim.secretText), { mode: secretMode });
  return manifest;
}

async function writeDevice(
  directory: string,
  batch: string,
  { name, serial }: PlannedDevice,
  { clusterName, cluster, key }: BatchOptions,
): Promise<BatchDevice> {
  const fields = { kind: 'device', batch, cluster: clusterName, name, serial } as const;
  const { id, fingerprint, batchKey, secretText } = issueVoucher(key.privateKey, fields);
  const device = { id, name, serial, fingerprint };
  const bundle = path.join(directory, names.bundles, id);
  const text = bundleText(cluster, device, secretText, batchKey);
  // What a device would refuse is refused here.
  checkPartialConfig(text, path.join(bundle, names.config));
  await mkdir(bundle, { mode: 0o700 });
  await writeFile(path.join(bundle, names.config), text, { mode: secretMode, flag: 'wx' });
  await writeFile(path.join(directory, names.labels, `${id}.svg`), drawLabel(device), { flag: 'wx' });
  return device;
}

function exists(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}
