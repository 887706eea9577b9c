/**
 * Node for an architecture: its program and its headers, from the npm package that the lock file pins. npm installs
 * only the package for the machine it runs on, so the other one is fetched by `npm pack` into the cache, and held
 * against the hash in the lock file.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { run } from '../process/run.ts';
import { lockedPackage } from './locked-package.ts';

export interface NodePackage {
  /** Holds `bin/node` and `include/node`. */
  readonly directory: string;
  readonly version: string;
  /** npm's hash of the package, which names its content. */
  readonly integrity: string;
}

/** @throws BuildError when it is not installed and cannot be fetched, or is not what the lock file names. */
export async function provideNode(
  checkout: string,
  cache: Cache,
  architecture: Architecture,
): Promise<NodePackage> {
  const name = architecture.nodePackage;
  const { version, integrity } = await lockedPackage(checkout, name);
  const installed = path.join(checkout, 'node_modules', name);
  if (existsSync(path.join(installed, 'bin/node'))) {
    await checkInstalled(installed, name, version);
    return { directory: installed, version, integrity };
  }
  const fetched = await cached(cache, 'node', cacheKey({ name, version, integrity }), (directory) =>
    fetchPackage(directory, `${name}@${version}`, integrity),
  );
  return { directory: path.join(fetched, 'package'), version, integrity };
}

async function checkInstalled(directory: string, name: string, version: string): Promise<void> {
  const manifest = await readFile(path.join(directory, 'package.json'), 'utf8');
  const installed = (JSON.parse(manifest) as { version: string }).version;
  if (installed === version) return;
  throw new BuildError(
    'missing-tool',
    `node_modules has ${name} ${installed}, package-lock.json names ${version}: run npm install in the checkout.`,
  );
}

/** Fills `directory` with `package/`. npm finds its registry, proxy and certificates in the person's own settings. */
async function fetchPackage(directory: string, wanted: string, integrity: string): Promise<void> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const words = ['pack', wanted, '--loglevel=error', '--pack-destination', directory];
  await run('npm', words, { env: environment }).catch((cause) => {
    throw new BuildError(
      'command-failed',
      `npm could not fetch ${wanted}, of which the executable is made. See whether npm reaches its registry: npm view ${wanted} version`,
      { cause },
    );
  });
  const archive = path.join(
    directory,
    (await readdir(directory)).find((file) => file.endsWith('.tgz')) ?? '',
  );
  checkIntegrity(await readFile(archive), wanted, integrity);
  await run('tar', ['-xzf', archive, '-C', directory, 'package/bin', 'package/include', 'package/LICENSE']);
  await rm(archive);
}

/** @throws BuildError when the bytes are not those that the lock file names by their hash. */
export function checkIntegrity(archive: Uint8Array, name: string, integrity: string): void {
  const algorithm = integrity.split('-')[0] ?? '';
  const found = `${algorithm}-${createHash(algorithm).update(archive).digest('base64')}`;
  if (found === integrity) return;
  throw new BuildError(
    'damaged-input',
    `npm delivered ${name} with the hash ${found}; package-lock.json names ${integrity}.`,
  );
}
