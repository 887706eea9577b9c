/** Puts files into a tree with the few modes an image has, whatever the builder's umask is. */
import { chmod, copyFile, link, lstat, mkdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Makes a directory and those above it, each mode 0755 unless told otherwise for the last. */
export async function placeDirectory(tree: string, relative: string, mode = 0o755): Promise<void> {
  const directory = path.join(tree, relative);
  const first = await mkdir(directory, { recursive: true });
  for (let made = directory; first !== undefined && made.length >= first.length; made = path.dirname(made)) {
    await chmod(made, 0o755);
  }
  if (mode !== 0o755) await chmod(directory, mode);
}

export async function placeText(
  tree: string,
  relative: string,
  text: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const file = path.join(tree, relative);
  await placeDirectory(tree, path.dirname(relative));
  await rm(file, { force: true });
  await writeFile(file, text);
  await chmod(file, mode);
}

export async function placeLink(tree: string, relative: string, target: string): Promise<void> {
  await placeDirectory(tree, path.dirname(relative));
  await rm(path.join(tree, relative), { force: true });
  await symlink(target, path.join(tree, relative));
}

/**
 * Copies one file or link of another tree, to the same place or to `relative`. Files become 0755 or 0644: nothing in
 * an image is setuid. `shared` makes a hard link, for large files that nobody changes afterwards.
 */
export async function placeCopy(
  tree: string,
  relative: string,
  source: string,
  options: { readonly shared?: boolean } = {},
): Promise<void> {
  const target = path.join(tree, relative);
  const status = await lstat(source);
  if (status.isSymbolicLink()) {
    await placeLink(tree, relative, await readlink(source));
    return;
  }
  await placeDirectory(tree, path.dirname(relative));
  await rm(target, { force: true });
  const isLinked =
    options.shared === true &&
    (await link(source, target).then(
      () => true,
      () => false,
    ));
  if (isLinked) return;
  await copyFile(source, target);
  await chmod(target, status.mode & 0o111 ? 0o755 : 0o644);
}
