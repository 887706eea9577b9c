/** `trivet factory batch` and `trivet factory verify`: cards for a cluster, each with a right of its own to enrol. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fingerprintOfKey } from '../../runtime/vouchers/batch-key.ts';
import type { Manifest } from '../../runtime/vouchers/manifest.ts';
import { BuildError } from '../build-error.ts';
import type { ClusterSection } from '../factory/batch-files.ts';
import { type BatchKey, defaultKeyFile, provideBatchKey, readBatchPublicKey } from '../factory/key-file.ts';
import { planDevices } from '../factory/plan-batch.ts';
import { verifyBatch } from '../factory/verify-batch.ts';
import { writeBatch } from '../factory/write-batch.ts';
import { readRecipe } from '../recipe/parse.ts';

export interface FactoryCommandOptions {
  readonly action: string;
  /** A recipe, or a batch's directory. */
  readonly target: string | undefined;
  readonly count: string | undefined;
  readonly out: string | undefined;
  readonly prefix: string | undefined;
  readonly first: string | undefined;
  readonly serials: string | undefined;
  readonly key: string | undefined;
  readonly json: boolean;
}

/** Problems of a batch that are shown; more would scroll the first ones away. */
const mostShown = 20;
/** Often enough to look alive. */
const redrawMilliseconds = 200;

export async function factoryCommand(options: FactoryCommandOptions): Promise<void> {
  const { action, target } = options;
  if (action !== 'batch' && action !== 'verify')
    throw new BuildError('usage', `trivet factory ${action}: it is batch RECIPE or verify DIRECTORY.`);
  if (target === undefined)
    throw new BuildError(
      'usage',
      action === 'batch'
        ? 'trivet factory batch needs a recipe.'
        : 'trivet factory verify needs a directory.',
    );
  await (action === 'batch' ? makeBatch(target, options) : checkBatch(target, options));
}

async function makeBatch(recipeFile: string, options: FactoryCommandOptions): Promise<void> {
  const { out, prefix, json } = options;
  if (out === undefined)
    throw new BuildError(
      'usage',
      'trivet factory batch needs --out DIR, a directory that does not exist yet.',
    );
  const { name: clusterName, section: cluster } = await readCluster(recipeFile);
  const devices = planDevices({
    count: wholeNumber('--count', options.count),
    first: wholeNumber('--first', options.first) ?? 1,
    ...{ prefix, serials: await readSerials(options.serials) },
  });
  const key = await provideBatchKey(options.key ?? defaultKeyFile);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const progress = showProgress('devices written');
  try {
    const manifest = await writeBatch({
      ...{ directory: out, clusterName, cluster, devices, key, now: new Date() },
      ...{ signal: stop.signal, onProgress: progress.show },
    });
    progress.end();
    process.stdout.write(json ? formatJson(out, manifest, key) : formatMade(out, manifest, key));
  } finally {
    progress.end();
    process.removeListener('SIGINT', onSignal).removeListener('SIGTERM', onSignal);
  }
}

async function readCluster(recipeFile: string): Promise<{ name: string; section: ClusterSection }> {
  const { recipe, written } = await readRecipe(recipeFile);
  if (recipe.cluster === undefined)
    throw new BuildError(
      'recipe',
      `${recipeFile} names no cluster for the devices: write a recipe that extends it and has a "cluster" section (name, secret).`,
    );
  if (recipe.cluster.secret === undefined || recipe.cluster.voucher !== undefined)
    throw new BuildError(
      'recipe',
      `${recipeFile}: cluster: devices of a batch have the secret of their cluster, and each gets a voucher: give "secret", and neither "token" nor "voucher".`,
    );
  return { name: recipe.cluster.name, section: written.cluster as ClusterSection };
}

async function readSerials(file: string | undefined): Promise<{ file: string; text: string } | null> {
  return file === undefined ? null : { file, text: await readText(file, 'The list of serial numbers') };
}

async function checkBatch(directory: string, { key, json }: FactoryCommandOptions): Promise<void> {
  const publicKey = key === undefined ? null : await readBatchPublicKey(await readText(key, 'The key'), key);
  const progress = showProgress('devices checked');
  const { manifest, problems } = await verifyBatch(directory, publicKey, progress.show).finally(progress.end);
  const { batch, cluster, devices } = manifest;
  const fingerprint = fingerprintOfKey(manifest.key);
  if (json) {
    const ok = problems.length === 0;
    const facts = { ok, batch, cluster, key: manifest.key, fingerprint, devices: devices.length, problems };
    process.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
  } else if (problems.length === 0) {
    process.stdout.write(
      `${directory} is in order: batch ${batch} for the cluster "${cluster}", ${devices.length} devices, signed with the key ${fingerprint}${key === undefined ? ' (compare it, or give --key)' : ''}\n`,
    );
  }
  if (problems.length === 0) return;
  const more = problems.length > mostShown ? [`and ${problems.length - mostShown} more`] : [];
  const lines = [...problems.slice(0, mostShown), ...more].map((line) => `\n  ${line}`).join('');
  throw new BuildError('verification', `${directory} is not the batch that was made:${lines}`);
}

function formatMade(directory: string, manifest: Manifest, key: BatchKey): string {
  const { batch, cluster, devices } = manifest;
  return [
    `Batch ${batch} for the cluster "${cluster}", ${devices.length} devices, in ${directory}:`,
    '',
    '  bundles/ID/trivet.yaml   for each device, once: trivet flash IMAGE DEVICE --config FILE. Secret.',
    '  labels/ID.svg            to stick on it: id and fingerprint, nothing secret',
    '  devices.csv, .json       who is who',
    '  manifest.json, .sig      the list, signed',
    '  claim.json               lets a cluster that exists take the devices in: trivet vouchers claim FILE. Secret.',
    '',
    ...(key.isNew
      ? [`A new key was made: ${key.file}. Back it up: whoever has it can make devices for your clusters.`]
      : []),
    `The batch's key, for cluster.enrolment.vouchers: ${manifest.key}`,
    `Its fingerprint: ${fingerprintOfKey(manifest.key)}`,
    '',
  ].join('\n');
}

function formatJson(directory: string, manifest: Manifest, key: BatchKey): string {
  const { batch, cluster, devices } = manifest;
  const made = { file: key.file, isNew: key.isNew };
  const facts = { directory, batch, cluster, key: manifest.key, fingerprint: fingerprintOfKey(manifest.key) };
  return `${JSON.stringify({ ...facts, keyFile: made, devices: devices.map(({ id }) => id) }, null, 2)}\n`;
}

/** On a terminal a line that changes; nothing elsewhere. */
function showProgress(what: string): { show(done: number, total: number): void; end(): void } {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let isDrawn = false;
  return {
    show: (done, total) => {
      const now = performance.now();
      if (!process.stderr.isTTY || (done < total && now - drawnAt < redrawMilliseconds)) return;
      drawnAt = now;
      isDrawn = true;
      process.stderr.write(`\r${done} of ${total} ${what}\x1b[K`);
    },
    end: () => {
      if (isDrawn) process.stderr.write('\n');
      isDrawn = false;
    },
  };
}

async function readText(file: string, what: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('factory', `${what} ${path.normalize(file)} cannot be read: ${reason}.`, { cause });
  });
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new BuildError('usage', `${option} ${text}: it must be a whole number of at least 1.`);
}
