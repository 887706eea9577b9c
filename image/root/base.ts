/**
 * The part of the root file system that is the same for all recipes: what `contents.txt` selects, the libraries it
 * needs, kernel modules, our units and files. Cached, because it changes only with the packages and the sources here.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Architecture } from '../architecture.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { addLibraries } from './libraries.ts';
import { parseAssignments, readList } from './list-file.ts';
import { type KernelModules, moduleDirectory } from './modules.ts';
import { placeCopy, placeLink, placeText } from './place.ts';
import { listTree, selectPaths } from './select.ts';
import { placeSkeleton } from './skeleton.ts';

const ownFiles = fileURLToPath(new URL('./files', import.meta.url));
const encryptedFiles = fileURLToPath(new URL('./encrypted-data/files', import.meta.url));
const units = fileURLToPath(new URL('../units', import.meta.url));

/** Where the directories of image/units/ go. */
const unitDirectories: Readonly<Record<string, string>> = {
  system: 'usr/lib/systemd/system',
  network: 'usr/lib/systemd/network',
  'repart.d': 'usr/lib/repart.d',
  'udev.rules.d': 'usr/lib/udev/rules.d',
  'tmpfiles.d': 'usr/lib/tmpfiles.d',
  'journald.conf.d': 'usr/lib/systemd/journald.conf.d',
  'resolved.conf.d': 'usr/lib/systemd/resolved.conf.d',
  'timesyncd.conf.d': 'usr/lib/systemd/timesyncd.conf.d',
  'system.conf.d': 'usr/lib/systemd/system.conf.d',
};

/** Directories of this project whose files go into the image, and where to. */
export const ownFileDirectories: readonly (readonly [directory: string, target: string])[] = [
  [ownFiles, ''],
  [encryptedFiles, ''],
  ...Object.entries(unitDirectories).map(([name, target]) => [path.join(units, name), target] as const),
];

export interface BaseOptions {
  readonly cache: Cache;
  readonly architecture: Architecture;
  /** The base packages, unpacked. */
  readonly packageTree: string;
  readonly modules: KernelModules;
  /** With what opens an encrypted data partition. */
  readonly encryptsData: boolean;
}

/** The finished tree, in the cache; it must not be changed. */
export async function buildBase(options: BaseOptions): Promise<string> {
  const key = cacheKey({
    packages: path.basename(options.packageTree),
    modules: path.basename(options.modules.tree),
    sources: await digestOfSources(),
    ...(options.encryptsData ? { encryptsData: true } : {}),
  });
  return cached(options.cache, 'base', key, (tree) => composeBase(tree, options));
}

async function composeBase(tree: string, options: BaseOptions): Promise<void> {
  const { architecture, packageTree, modules } = options;
  await placeSkeleton(tree);
  const lists = ['contents.txt', ...(options.encryptsData ? ['encrypted-data/contents.txt'] : [])];
  const selected: string[] = [];
  for (const list of lists) {
    const contents = await readList(new URL(list, import.meta.url));
    selected.push(...selectPaths(await listTree(packageTree), contents, architecture, list));
  }
  for (const file of selected) await placeCopy(tree, file, path.join(packageTree, file));
  await addLibraries(tree, selected, [packageTree], architecture);
  const moduleFiles = moduleDirectory(modules.tree, modules.kernelVersion);
  for (const file of await listTree(moduleFiles)) {
    await placeCopy(
      tree,
      path.join('usr/lib/modules', modules.kernelVersion, file),
      path.join(moduleFiles, file),
    );
  }
  await placeOwnFiles(tree);
  if (!options.encryptsData) return;
  for (const file of await listTree(encryptedFiles))
    await placeCopy(tree, file, path.join(encryptedFiles, file));
  await placeUnitLinks(tree, new URL('./encrypted-data/wants.txt', import.meta.url));
}

async function placeOwnFiles(tree: string): Promise<void> {
  for (const file of await listTree(ownFiles)) await placeCopy(tree, file, path.join(ownFiles, file));
  await placeText(tree, 'etc/shadow', await readFile(path.join(ownFiles, 'etc/shadow'), 'utf8'), 0o600);
  for (const [name, place] of Object.entries(unitDirectories)) {
    const source = path.join(units, name);
    for (const file of await listTree(source))
      await placeCopy(tree, path.join(place, file), path.join(source, file));
  }
  await placeUnitLinks(tree, pathToFileURL(path.join(units, 'wants.txt')));
  const systemd = unitDirectories.system!;
  await placeLink(tree, path.join(systemd, 'default.target'), 'multi-user.target');
  // Bind-mounted by the initrd, which knows the machine's id.
  await placeText(tree, 'etc/machine-id', '');
  await placeLink(tree, 'etc/mtab', '../proc/self/mounts');
  // systemd-resolved writes it.
  await placeLink(tree, 'etc/resolv.conf', '../run/systemd/resolve/resolv.conf');
}

async function placeUnitLinks(tree: string, list: URL): Promise<void> {
  const systemd = unitDirectories.system!;
  const text = await readFile(list, 'utf8');
  for (const [target, names] of parseAssignments(text)) {
    for (const name of names)
      await placeLink(tree, path.join(systemd, `${target}.wants`, name), `../${name}`);
  }
}

/** Changes with every file that this stage reads or that says how it works. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of [path.dirname(ownFiles), units]) {
    for (const file of await listTree(directory)) {
      if (!file.endsWith('.test.ts'))
        hash.update(`${file}\0`).update(await readFile(path.join(directory, file)));
    }
  }
  return hash.digest('hex');
}
