/**
 * The licences of the image's Debian packages, where Debian's users look for them: every package's own copyright file.
 * They cost 55 kB of the compressed image, and the common texts that they refer to (contents.txt) 61 kB.
 */
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { placeCopy, placeLink } from './place.ts';

/** Packages, and the tree they are unpacked in. */
export interface PackageSource {
  readonly tree: string;
  readonly packages: readonly string[];
}

/** @throws BuildError `licenses` naming a package that says nothing about its licence. */
export async function addCopyrights(tree: string, sources: readonly PackageSource[]): Promise<void> {
  for (const source of sources) {
    for (const name of source.packages) await addCopyright(tree, source.tree, name);
  }
}

async function addCopyright(tree: string, packageTree: string, name: string): Promise<void> {
  const directory = path.join('usr/share/doc', name);
  const status = await lstat(path.join(packageTree, directory)).catch(() => null);
  // Packages of one source share the documentation of one of them, which they depend on.
  if (status?.isSymbolicLink()) {
    await placeLink(tree, directory, await readlink(path.join(packageTree, directory)));
    return;
  }
  const file = path.join(directory, 'copyright');
  await placeCopy(tree, file, path.join(packageTree, file)).catch((cause) => {
    throw new BuildError(
      'licenses',
      `The Debian package ${name} has no /${file}, so the image cannot be passed on with it: leave it out, or name another version.`,
      { cause },
    );
  });
}
