/** Kernel modules: which ones the lists mean with all they depend on, and their unpacked copies. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { type Cache, cached, cacheKey } from '../cache/cache.ts';
import { runTool, type Tools } from '../tools/tools.ts';
import { placeCopy, placeDirectory } from './place.ts';
import { listTree } from './select.ts';

export interface KernelModules {
  readonly kernelVersion: string;
  /** Holds `usr/lib/modules/VERSION/` with unpacked modules and depmod's tables. */
  readonly tree: string;
  /** For every module of the kernel: what it needs loaded before, in the order of loading. Paths in that directory. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** Path of the unpacked module by its name, `-` and `_` being the same. */
  readonly pathOf: (name: string) => string | undefined;
}

/** The modules of these names, with what they depend on, from a tree of unpacked packages that holds one kernel. */
export async function selectModules(
  cache: Cache,
  tools: Tools,
  packageTree: string,
  names: readonly string[],
): Promise<KernelModules> {
  const kernelVersion = await kernelVersionOf(packageTree);
  const key = cacheKey({ tree: path.basename(packageTree), tools: path.basename(tools.tree), names });
  const tree = await cached(cache, 'modules', key, (output) =>
    unpackModules(tools, packageTree, kernelVersion, names, output),
  );
  const directory = moduleDirectory(tree, kernelVersion);
  const dependencies = parseDependencies(await readFile(path.join(directory, 'modules.dep'), 'utf8'));
  const byName = new Map([...dependencies.keys()].map((file) => [moduleName(file), file] as const));
  return { kernelVersion, tree, dependencies, pathOf: (name) => byName.get(canonical(name)) };
}

export async function kernelVersionOf(packageTree: string): Promise<string> {
  const versions = await readdir(path.join(packageTree, 'usr/lib/modules'));
  if (versions.length !== 1) {
    throw new BuildError(
      'packages',
      `The packages bring ${versions.length} kernels instead of one: ${versions.join(', ')}`,
    );
  }
  return versions[0]!;
}

async function unpackModules(
  tools: Tools,
  packageTree: string,
  kernelVersion: string,
  names: readonly string[],
  output: string,
): Promise<void> {
  // depmod reads the packed modules and knows dependencies and soft dependencies of all of them.
  const work = path.join(output, 'all');
  await mkdir(path.join(work, 'usr/lib/modules'), { recursive: true });
  const source = moduleDirectory(packageTree, kernelVersion);
  const all = moduleDirectory(work, kernelVersion);
  for (const file of await listTree(source)) {
    if (file !== 'build' && file !== 'source')
      await placeCopy(all, file, path.join(source, file), { shared: true });
  }
  await runTool(tools, 'depmod', ['-b', work, '-m', '/usr/lib/modules', kernelVersion]);
  const wanted = closure(
    parseDependencies(await readFile(path.join(all, 'modules.dep'), 'utf8')),
    parseSoftDependencies(await readFile(path.join(all, 'modules.softdep'), 'utf8')),
    names,
    await readFile(path.join(all, 'modules.builtin'), 'utf8'),
  );
  const target = moduleDirectory(output, kernelVersion);
  for (const file of wanted) await placeCopy(target, file, path.join(source, file));
  const packed = wanted.filter((file) => file.endsWith('.xz')).map((file) => path.join(target, file));
  if (packed.length > 0) await runTool(tools, 'xz', ['--decompress', ...packed]);
  for (const table of ['modules.builtin', 'modules.builtin.modinfo', 'modules.order']) {
    await placeCopy(target, table, path.join(source, table));
  }
  await runTool(tools, 'depmod', ['-b', output, '-m', '/usr/lib/modules', kernelVersion]);
  await rm(work, { recursive: true });
  await placeDirectory(output, 'usr/lib/modules');
}

/** The files of the named modules and of all they depend on, sorted. Modules built into the kernel need no file. */
export function closure(
  dependencies: ReadonlyMap<string, readonly string[]>,
  softDependencies: ReadonlyMap<string, readonly string[]>,
  names: readonly string[],
  builtin: string,
): readonly string[] {
  const byName = new Map([...dependencies.keys()].map((file) => [moduleName(file), file] as const));
  const builtinNames = new Set(builtin.split('\n').map(moduleName));
  const wanted = new Set<string>();
  const add = (file: string): void => {
    if (wanted.has(file)) return;
    wanted.add(file);
    for (const needed of dependencies.get(file) ?? []) add(needed);
    for (const soft of softDependencies.get(moduleName(file)) ?? []) {
      const softFile = byName.get(canonical(soft));
      if (softFile) add(softFile);
    }
  };
  for (const name of names) {
    const file = byName.get(canonical(name));
    if (file) add(file);
    else if (!builtinNames.has(canonical(name))) {
      throw new BuildError(
        'packages',
        `The kernel has no module "${name}", which image/root/modules.txt, initrd/modules.txt or the recipe (kernel.modules) names.`,
      );
    }
  }
  return [...wanted].sort();
}

/** modules.dep: `file: needed needed …`, the last of them to be loaded first. */
export function parseDependencies(text: string): Map<string, readonly string[]> {
  const lines = text.split('\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => {
      const [file = '', needed = ''] = line.split(':');
      return [
        file,
        needed
          .split(' ')
          .filter((name) => name !== '')
          .reverse(),
      ] as const;
    }),
  );
}

/** modules.softdep: `softdep NAME pre: A B post: C`; only what comes before matters for loading. */
function parseSoftDependencies(text: string): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [, name, rest] of text.matchAll(/^softdep (\S+) (.*)$/gm)) {
    const before = /pre: ([^:]*?)(?: post:.*)?$/.exec(rest!)?.[1] ?? '';
    found.set(
      canonical(name!),
      before.split(' ').filter((word) => word !== ''),
    );
  }
  return found;
}

export function moduleDirectory(tree: string, kernelVersion: string): string {
  return path.join(tree, 'usr/lib/modules', kernelVersion);
}

function moduleName(file: string): string {
  return canonical(path.basename(file).replace(/\.ko(\.\w+)?$/, ''));
}

function canonical(name: string): string {
  return name.replaceAll('-', '_');
}
