/** The initrd: one shell script, busybox, dmsetup and the modules that show a disk. */
import { lstat, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import type { Architecture } from '../architecture.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { type CpioEntry, encodeCpio } from '../formats/cpio/cpio.ts';
import { addLibraries } from '../root/libraries.ts';
import { type ModuleList, moduleStages } from '../root/module-list.ts';
import { type KernelModules, moduleDirectory } from '../root/modules.ts';
import { placeCopy, placeLink, placeText } from '../root/place.ts';
import { listTree } from '../root/select.ts';

const sources = new URL('../root/initrd/', import.meta.url);
/** Read by the first script where the data partition is encrypted. */
const encryptedSource = new URL('../root/encrypted-data/initrd', import.meta.url);

/** The names by which the script calls busybox. */
const applets = [
  ...[
    'sh',
    'chmod',
    'cut',
    'dd',
    'insmod',
    'mkdir',
    'mount',
    'od',
    'switch_root',
    'timeout',
    'tr',
    'umount',
    'usleep',
    'watchdog',
    'cat',
  ],
];
const encryptedApplets = ['chroot'];
const directories = ['data', 'dev', 'etc', 'proc', 'run', 'sys', 'sysroot', 'usr'];

export interface InitrdOptions {
  readonly cache: Cache;
  readonly architecture: Architecture;
  readonly packageTree: string;
  readonly modules: KernelModules;
  /** Which of them are loaded when. */
  readonly stages: ModuleList['stages'];
  readonly sourceDateEpoch: number;
  /** With what opens an encrypted data partition. */
  readonly encryptsData: boolean;
}

/** @returns the compressed archive, in the cache. */
export async function buildInitrd(options: InitrdOptions): Promise<string> {
  const scripts = { init: await readFile(new URL('init', sources), 'utf8') };
  if (options.encryptsData) {
    Object.assign(scripts, { 'etc/encrypted-data': await readFile(encryptedSource, 'utf8') });
  }
  const programs = [...applets, ...(options.encryptsData ? encryptedApplets : [])];
  const key = cacheKey({
    ...{ scripts, stages: options.stages, directories, programs, epoch: options.sourceDateEpoch },
    packages: path.basename(options.packageTree),
    moduleTree: path.basename(options.modules.tree),
  });
  const directory = await cached(options.cache, 'initrd', key, async (output) => {
    await using work = await temporary(
      path.join(options.cache.directory, 'composing', `initrd-${process.pid}`),
    );
    await composeInitrd(work.directory, scripts, programs, options);
    const archive = encodeCpio(await readEntries(work.directory), options.sourceDateEpoch);
    // The kernel unpacks with a window of 8 MiB at most, which level 19 does not exceed.
    const params = { [constants.ZSTD_c_compressionLevel]: 19, [constants.ZSTD_c_checksumFlag]: 1 };
    await writeFile(path.join(output, 'initrd'), zstdCompressSync(archive, { params }));
  });
  return path.join(directory, 'initrd');
}

async function composeInitrd(
  tree: string,
  scripts: Readonly<Record<string, string>>,
  names: readonly string[],
  options: InitrdOptions,
): Promise<void> {
  const { architecture, packageTree } = options;
  for (const [file, script] of Object.entries(scripts)) await placeText(tree, file, script, 0o755);
  const programs = ['usr/bin/busybox', 'usr/sbin/dmsetup'];
  for (const program of programs) {
    await placeCopy(tree, path.join('usr/bin', path.basename(program)), path.join(packageTree, program));
  }
  for (const applet of names) await placeLink(tree, `usr/bin/${applet}`, 'busybox');
  await addLibraries(tree, ['usr/bin/dmsetup'], [packageTree], architecture);
  const loader = architecture.loader.slice(1);
  await placeCopy(tree, path.join('usr', loader), path.join(packageTree, 'usr', loader));
  for (const name of ['lib', 'lib64']) await placeLink(tree, name, `usr/${name}`);
  await placeModules(tree, options.stages, options.modules);
}

/** Modules lie in one directory; a list a stage gives the order in which to load them, each what it needs first. */
async function placeModules(
  tree: string,
  stages: ModuleList['stages'],
  modules: KernelModules,
): Promise<void> {
  const loaded = new Set<string>();
  for (const stage of moduleStages) {
    const order = stages[stage].flatMap((name) => {
      const file = modules.pathOf(name);
      // A module without a file is built into this kernel.
      return file === undefined ? [] : [...(modules.dependencies.get(file) ?? []), file];
    });
    const fresh = [...new Set(order)].filter((file) => !loaded.has(file));
    for (const file of fresh) {
      loaded.add(file);
      const source = path.join(moduleDirectory(modules.tree, modules.kernelVersion), file);
      await placeCopy(tree, path.join('usr/lib/modules', path.basename(file)), source);
    }
    await placeText(tree, `etc/modules.${stage}`, fresh.map((file) => `${path.basename(file)}\n`).join(''));
  }
}

/** The tree as archive entries, with the directories that nothing lies in and the console the kernel opens. */
async function readEntries(tree: string): Promise<CpioEntry[]> {
  const files = await listTree(tree);
  const parents = new Set(directories);
  for (const file of files) {
    for (let parent = path.dirname(file); parent !== '.'; parent = path.dirname(parent)) parents.add(parent);
  }
  const entries: CpioEntry[] = [...parents].map((name) => ({ kind: 'directory', name }));
  entries.push({ kind: 'character', name: 'dev/console', major: 5, minor: 1 });
  for (const name of files) {
    const file = path.join(tree, name);
    const status = await lstat(file);
    if (status.isSymbolicLink()) entries.push({ kind: 'link', name, target: await readlink(file) });
    else {
      const executable = (status.mode & 0o111) !== 0;
      entries.push({ kind: 'file', name, executable, data: await readFile(file) });
    }
  }
  return entries;
}
