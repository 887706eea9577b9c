/** The executable of the device: bundle, package, and a cache keyed by what went in. */
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeNotices, noticesFile } from '../../runtime/licenses/notices.ts';
import type { Architecture } from '../architecture.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { bundleRuntime } from './bundle.ts';
import { collectNotices } from './licenses/collect.ts';
import { nodeVersionOf, packageExecutable } from './package-executable.ts';

export interface BinaryOptions {
  readonly checkout: string;
  readonly architecture: Architecture;
  readonly version: string;
  readonly cache: Cache;
}

export interface Binary {
  /** In the cache: to be copied, not changed. */
  readonly file: string;
  readonly nodeVersion: string;
  /** The licences of everything in it, to be read from top to bottom. */
  readonly licensesText: string;
}

/** Builds the executable, or takes it from the cache when neither the runtime nor Node nor pkg has changed. */
export async function buildBinary(options: BinaryOptions): Promise<Binary> {
  const nodeVersion = await nodeVersionOf(options.checkout, options.architecture);
  const bundles = path.join(options.cache.directory, 'bundling', String(process.pid), 'trivet');
  await using _bundles = await temporary(path.dirname(bundles));
  const bundledFiles = await bundleRuntime({ ...options, outputDirectory: bundles });
  const notices = await collectNotices({
    ...{ ...options, bundledFiles, linkedFiles: [] },
    nodePackage: options.architecture.nodePackage,
  });
  await writeFile(path.join(bundles, noticesFile), encodeNotices(notices));
  const key = cacheKey({
    bundle: await digestsOf(bundles),
    node: nodeVersion,
    architecture: options.architecture.name,
    version: options.version,
    // The package lock pins pkg and Node by their integrity hashes.
    packageLock: sha256(await readFile(path.join(options.checkout, 'package-lock.json'))),
    packager: sha256(await readFile(new URL('./package-executable.ts', import.meta.url))),
  });
  const directory = await cached(options.cache, 'binary', key, async (output) => {
    await using work = await temporary(path.join(options.cache.directory, 'packaging', String(process.pid)));
    await packageExecutable({
      ...options,
      bundleDirectory: bundles,
      workDirectory: work.directory,
      output: path.join(output, 'trivet'),
    });
  });
  return { file: path.join(directory, 'trivet'), nodeVersion, licensesText: notices.text };
}

/** Copies the executable to where a person looks for it; an existing one is replaced even while it runs. */
export async function placeBinary(binary: Binary, file: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await copyFile(binary.file, unfinished);
  await chmod(unfinished, 0o755);
  await rename(unfinished, file);
}

async function digestsOf(directory: string): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => [name, sha256(await readFile(path.join(directory, name)))] as const),
  );
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
