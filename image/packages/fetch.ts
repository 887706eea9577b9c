/**
 * Brings packages into the cache, where each is named by its digest. apt's own helper fetches, so that proxies and
 * transports work as they do for apt, and checks the digest.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import type { Cache } from '../cache/cache.ts';
import { run } from '../process/run.ts';
import type { Apt } from './apt.ts';
import { explainFetchFailure } from './fetch-failure.ts';
import type { Package } from './package.ts';

const helper = '/usr/lib/apt/apt-helper';
/** Packages asked for in one go; a command line has an end. */
const batchSize = 40;

/** Where the package is in the cache, once it was fetched. */
export function packageFile(cache: Cache, item: Package): string {
  return path.join(cache.directory, 'packages', `${item.sha256}${path.extname(item.path)}`);
}

/**
 * Fetches what the cache lacks. `apt` is asked for only then, so that a build from the cache needs no network.
 * @returns how many packages were fetched.
 */
export async function fetchPackages(
  cache: Cache,
  packages: readonly Package[],
  options: { readonly offline: boolean; readonly apt: () => Promise<Apt> },
): Promise<number> {
  const missing = packages.filter((item) => !existsSync(packageFile(cache, item)));
  if (missing.length === 0) return 0;
  if (options.offline) {
    const names = missing.map((item) => `${item.name} ${item.version}`).join(', ');
    throw new BuildError(
      'offline',
      `The cache lacks ${missing.length} of ${packages.length} packages, and --offline forbids fetching them: ${names}`,
    );
  }
  const apt = await options.apt();
  await mkdir(path.join(cache.directory, 'packages'), { recursive: true });
  for (let at = 0; at < missing.length; at += batchSize) {
    await fetchBatch(cache, apt, missing.slice(at, at + batchSize));
  }
  return missing.length;
}

async function fetchBatch(cache: Cache, apt: Apt, batch: readonly Package[]): Promise<void> {
  const unfinished = (item: Package): string => `${packageFile(cache, item)}.${process.pid}`;
  const requests = batch.flatMap((item) => {
    const mirror = apt.mirrors[item.archive];
    if (!mirror) {
      throw new BuildError(
        'packages',
        `${item.name} ${item.version} comes from Debian's security archive, and apt on this machine names no mirror of it.`,
      );
    }
    return [`${mirror}/${item.path}`, unfinished(item), `SHA256:${item.sha256}`];
  });
  try {
    await run(helper, ['download-file', ...requests], { env: apt.environment }).catch((cause: Error) => {
      throw new BuildError('packages', explainFetchFailure(cause.message, batch), { cause });
    });
    await Promise.all(batch.map((item) => rename(unfinished(item), packageFile(cache, item))));
  } finally {
    await Promise.all(batch.map((item) => rm(unfinished(item), { force: true })));
  }
}
