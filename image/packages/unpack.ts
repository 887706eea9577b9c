/** Unpacks packages into one tree. Their maintainer scripts are never run. */
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { run } from '../process/run.ts';
import { packageFile } from './fetch.ts';
import type { Package } from './package.ts';

/** The tree of exactly these packages, in the cache. It is read by many builds and must not be changed. */
export function unpackPackages(cache: Cache, packages: readonly Package[]): Promise<string> {
  const key = cacheKey(packages.map((item) => item.sha256));
  return cached(cache, 'trees', key, async (directory) => {
    // Merged /usr: without these links a package with files in /lib would make a directory of it.
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      await mkdir(path.join(directory, 'usr', name), { recursive: true });
    }
    for (const item of packages) {
      await run('dpkg-deb', ['--extract', packageFile(cache, item), directory]);
    }
    // base-files leaves the top directory as restrictive as the packager's umask was.
    await chmod(directory, 0o755);
  });
}
