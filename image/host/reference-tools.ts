/**
 * Debian's etcd, etcdctl and kubectl, for the tests and benchmarks that hold ours against the real ones or ask us by them. They come from
 * the release that images are made of, fetched and cached by the builder, and need neither root nor the host's release.
 *
 *   node image/host/reference-tools.ts     makes out/reference-tools/{etcd,etcdctl,kubectl}, and prints their paths
 */
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { type Cache, cached, cacheKey, openCache } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { checkout } from '../checkout.ts';
import { openApt, updateLists } from '../packages/apt.ts';
import { fetchPackages, packageFile } from '../packages/fetch.ts';
import type { Package } from '../packages/package.ts';
import { resolvePackages } from '../packages/resolve.ts';
import { run } from '../process/run.ts';
import { hostArchitecture } from '../tools/tools.ts';

const programs = ['etcd', 'etcdctl', 'kubectl'] as const;
/** The programs, and the C library that Debian links them to. */
const wantedPackages: readonly string[] = ['etcd-server', 'etcd-client', 'kubectl', 'libc6'];
const loader = path.basename(hostArchitecture.loader);

/** Resolves, fetches and unpacks what is not in the cache, and links it to `directory`. What is there stays. */
async function provideTools(directory: string): Promise<void> {
  if (programs.every((name) => existsSync(path.join(directory, name)))) return;
  const cache = openCache();
  const packages = await choosePackages(cache);
  const tree = await cached(cache, 'reference-tools', cacheKey(packages.map((item) => item.sha256)), (output) =>
    unpack(cache, packages, output),
  );
  await mkdir(path.dirname(directory), { recursive: true });
  // Two preparations at once must both find a whole directory under the name.
  const link = `${directory}.${process.pid}`;
  await symlink(tree, link);
  await rename(link, directory);
}

async function choosePackages(cache: Cache): Promise<readonly Package[]> {
  const apt = await openApt(cache, hostArchitecture.debian);
  await updateLists(apt, false);
  const all = await resolvePackages(apt, cache, ['etcd-server', 'etcd-client', 'kubectl']);
  const packages = all.filter((item) => wantedPackages.includes(item.name));
  await fetchPackages(cache, packages, { offline: false, apt: async () => apt });
  return packages;
}

/** The two programs with their loader and libraries beside them, and for each a script that runs it with those. */
async function unpack(cache: Cache, packages: readonly Package[], output: string): Promise<void> {
  await using work = await temporary(path.join(cache.directory, 'building', `reference-tools-${process.pid}`));
  for (const item of packages) {
    await run('dpkg-deb', ['--extract', packageFile(cache, item), work.directory]);
  }
  const libraries = path.join(work.directory, 'usr/lib', hostArchitecture.multiarch);
  const parts = path.join(output, 'parts');
  await mkdir(parts);
  for (const name of ['libc.so.6', 'libresolv.so.2', 'libpthread.so.0', loader]) {
    await copyFile(path.join(libraries, name), path.join(parts, name));
  }
  for (const name of programs) {
    await copyFile(path.join(work.directory, 'usr/bin', name), path.join(parts, name));
    await writeFile(path.join(output, name), startScript(name));
    await chmod(path.join(output, name), 0o755);
  }
}

/** `exec` keeps the process id, so that a signal sent to the script reaches the program. */
function startScript(name: string): string {
  return [
    '#!/bin/sh',
    'here=$(dirname "$(readlink -f "$0")")',
    `exec "$here/parts/${loader}" --library-path "$here/parts" --argv0 ${name} "$here/parts/${name}" "$@"`,
    '',
  ].join('\n');
}

const directory = path.join(checkout, 'out/reference-tools');
try {
  await provideTools(directory);
  for (const name of programs) console.log(path.join(directory, name));
} catch (error) {
  await rm(`${directory}.${process.pid}`, { force: true });
  console.error(`reference-tools: ${error instanceof BuildError ? error.message : String(error)}`);
  process.exitCode = 1;
}
