/**
 * Adds the libraries that the programs of a tree need, from the tree of unpacked packages; and checks that nothing is
 * missing, since a program without one of its libraries would only fail on the device.
 */
import { existsSync } from 'node:fs';
import { lstat, open, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import { type ElfNeeds, readElfNeeds } from '../formats/elf/needs.ts';
import { placeCopy } from './place.ts';

/** Where the loader looks in the image, relative to the root. The second is systemd's own, by its RUNPATH. */
function libraryDirectories(architecture: Architecture): readonly string[] {
  return [
    `usr/lib/${architecture.multiarch}`,
    `usr/lib/${architecture.multiarch}/systemd`,
    'usr/lib64',
    'usr/lib',
  ];
}

/**
 * Adds to `tree`, which holds `paths`, every library they need, and what those need in turn.
 * @param sources trees of unpacked packages, searched in this order.
 */
export async function addLibraries(
  tree: string,
  paths: readonly string[],
  sources: readonly string[],
  architecture: Architecture,
): Promise<void> {
  const queue = [...paths];
  const done = new Set<string>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (done.has(next)) continue;
    done.add(next);
    const file = path.join(tree, next);
    const status = await lstat(file);
    if (status.isSymbolicLink()) {
      queue.push(...(await followLink(tree, next, sources)));
      continue;
    }
    const needs = await readNeeds(file);
    for (const name of needs?.libraries ?? []) {
      queue.push(await addLibrary(tree, name, next, sources, architecture));
    }
  }
}

/** A link that was selected brings its target with it; one that leads nowhere in the packages is left alone. */
async function followLink(tree: string, relative: string, sources: readonly string[]): Promise<string[]> {
  const target = await readlink(path.join(tree, relative));
  const resolved = path.normalize(
    target.startsWith('/') ? target.slice(1) : path.join(path.dirname(relative), target),
  );
  if (existsInTree(tree, resolved)) return [];
  const source = sources.find((candidate) => existsInTree(candidate, resolved));
  if (source === undefined) return [];
  if ((await lstat(path.join(source, resolved))).isDirectory()) return [];
  await placeCopy(tree, resolved, path.join(source, resolved));
  return [resolved];
}

async function addLibrary(
  tree: string,
  name: string,
  neededBy: string,
  sources: readonly string[],
  architecture: Architecture,
): Promise<string> {
  const places = libraryDirectories(architecture).map((directory) => path.join(directory, name));
  const present = places.find((place) => existsInTree(tree, place));
  if (present !== undefined) return present;
  for (const source of sources) {
    const found = places.find((place) => existsInTree(source, place));
    if (found === undefined) continue;
    await placeCopy(tree, found, path.join(source, found));
    return found;
  }
  throw new BuildError(
    'packages',
    `/${neededBy} needs the library ${name}, and no package of this image has it: add the package that has it to "packages" in the recipe.`,
  );
}

function existsInTree(tree: string, relative: string): boolean {
  const file = path.join(tree, relative);
  return existsSync(file);
}

/** Only the start of a file says whether it is ELF; most are not, and need not be read. */
async function readNeeds(file: string): Promise<ElfNeeds | null> {
  await using handle = await open(file);
  const start = Buffer.alloc(4);
  await handle.read(start, 0, 4, 0);
  if (start.toString('latin1') !== '\x7fELF') return null;
  return readElfNeeds(await readFile(file));
}
