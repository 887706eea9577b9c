/** Where every file of an image's root file system comes from: `NAME.files.json`. */
import { createHash } from 'node:crypto';
import { lstat, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { ownFileDirectories } from '../root/base.ts';
import { listTree } from '../root/select.ts';
import type { PackageFacts } from './package-facts.ts';

export type FileOrigin =
  | { readonly kind: 'debian'; readonly package: string; readonly version: string }
  /** The executable: what npm's packages, Node and this project's runtime were made into. */
  | { readonly kind: 'npm bundle' }
  /** A file of this project. */
  | { readonly kind: 'trivet' }
  | { readonly kind: 'recipe' }
  /** Written by the build. */
  | { readonly kind: 'generated' };

export interface FileRecord {
  readonly path: string;
  readonly type: 'file' | 'link';
  /** Octal. */
  readonly mode: string;
  readonly sizeBytes: number;
  /** Of a file. */
  readonly sha256?: string;
  /** Of a link. */
  readonly target?: string;
  readonly origin: FileOrigin;
}

export interface ProvenanceOptions {
  readonly tree: string;
  readonly packages: readonly PackageFacts[];
  /** Absolute paths of the recipe's own files. */
  readonly recipeFiles: readonly string[];
}

const executable = 'usr/bin/trivet';
/** Made from others, though a package or this project has a file of that name. */
const rewritten = new Set(['etc/passwd', 'etc/group', 'etc/shadow']);
/** All files and links of the tree, sorted by path. */
export async function recordFiles(options: ProvenanceOptions): Promise<readonly FileRecord[]> {
  const originOf = await originTable(options);
  const records: FileRecord[] = [];
  for (const file of await listTree(options.tree)) {
    const absolute = path.join(options.tree, file);
    const status = await lstat(absolute);
    const shared = {
      path: `/${file}`,
      mode: `0${(status.mode & 0o7777).toString(8)}`,
      origin: originOf(file),
    };
    if (status.isSymbolicLink()) {
      records.push({ ...shared, type: 'link', sizeBytes: 0, target: await readlink(absolute) });
    } else {
      const sha256 = createHash('sha256')
        .update(await readFile(absolute))
        .digest('hex');
      records.push({ ...shared, type: 'file', sizeBytes: status.size, sha256 });
    }
  }
  return records;
}

async function originTable(options: ProvenanceOptions): Promise<(file: string) => FileOrigin> {
  const packages = new Map<string, FileOrigin>();
  for (const { name, version, paths } of options.packages) {
    for (const file of paths) packages.set(file, { kind: 'debian', package: name, version });
  }
  const own = new Set<string>();
  for (const [directory, target] of ownFileDirectories) {
    for (const file of await listTree(directory)) own.add(path.join(target, file));
  }
  const recipe = new Set(options.recipeFiles.map((file) => file.slice(1)));
  return (file) => {
    if (recipe.has(file)) return { kind: 'recipe' };
    if (file === executable) return { kind: 'npm bundle' };
    if (own.has(file)) return { kind: rewritten.has(file) ? 'generated' : 'trivet' };
    // Kernel modules are unpacked, so that the file system's compression sees them.
    return packages.get(file) ?? packages.get(`${file}.xz`) ?? { kind: 'generated' };
  };
}
