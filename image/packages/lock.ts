/**
 * The lock file: every input of an image, written beside it. A build with `--lock` takes exactly these, and so makes
 * the same bytes again.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { type Architecture, architectureNames, architectureOf } from '../architecture.ts';
import { BuildError } from '../build-error.ts';
import type { Package } from './package.ts';

const packageSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  archive: z.enum(['debian', 'debian-security']),
  path: z.string(),
  sizeBytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const lockSchema = z.strictObject({
  format: z.literal(1),
  image: z.strictObject({ name: z.string(), version: z.string(), architecture: z.string() }),
  /** Debian packages of the image: those of the base, and those the recipe adds. */
  base: z.array(packageSchema),
  extra: z.array(packageSchema),
  /** Debian packages of the programs that built it. */
  tools: z.array(packageSchema),
  /** npm packages that end up in the executable or make it, by their integrity in package-lock.json. */
  npm: z.array(z.strictObject({ name: z.string(), version: z.string(), integrity: z.string() })),
  /** Compilers of the host and digests of the static libraries that it links into the executable. */
  toolchain: z.array(z.string()),
  node: z.string(),
  kernel: z.string(),
});

export type Lock = z.infer<typeof lockSchema>;

export async function readLock(file: string): Promise<Lock> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('lock', `The lock file ${file} cannot be read: ${reason}`, { cause });
  });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new BuildError('lock', `The lock file ${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const result = lockSchema.safeParse(data);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new BuildError(
    'lock',
    `The lock file ${file} is not one of this version: ${issue.path.join('.')}: ${issue.message}`,
  );
}

/**
 * A lock pins what npm and the host's compilers bring too, but cannot bring it: checkout and host must have the same.
 * @throws BuildError `lock`, naming what differs.
 */
export function checkLockAgainst(
  lock: Lock,
  current: Pick<Lock, 'npm' | 'image' | 'toolchain'>,
  file: string,
): void {
  if (lock.image.architecture !== current.image.architecture) {
    throw new BuildError(
      'lock',
      `The lock file ${file} is of an image for ${lock.image.architecture}, the recipe is for ${current.image.architecture}.`,
    );
  }
  checkToolchain(lock.toolchain, current.toolchain, file);
  for (const item of lock.npm) {
    // One package may be there in several versions, each for another that needs it.
    const own = current.npm.filter((candidate) => candidate.name === item.name);
    if (own.some((candidate) => candidate.integrity === item.integrity)) continue;
    const versions = own.map((candidate) => candidate.version).join(' and ');
    throw new BuildError(
      'lock',
      `The lock file ${file} was made with the npm package ${item.name} ${item.version}, this checkout has ${versions || 'none'}: check out the version of Trivet that made it.`,
    );
  }
}

function checkToolchain(locked: readonly string[], current: readonly string[], file: string): void {
  const difference = locked.findIndex((item, index) => item !== current[index]);
  if (difference < 0) return;
  throw new BuildError(
    'lock',
    `The lock file ${file} was made with "${locked[difference]}", this machine has "${current[difference] ?? 'nothing like it'}": install the versions of gcc, binutils and libc6-dev that made it.`,
  );
}

interface PackageLock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly integrity?: string; readonly dev?: boolean }>
  >;
}

/** The npm packages that decide about the executable's bytes: all that are not for development, and the packagers. */
export async function readNpmInputs(checkout: string, architecture: Architecture): Promise<Lock['npm']> {
  const text = await readFile(path.join(checkout, 'package-lock.json'), 'utf8');
  const packagers = new Set(['@yao-pkg/pkg', 'esbuild', 'postject', architecture.nodePackage]);
  const foreign = new Set(architectureNames.map((name) => architectureOf(name).nodePackage));
  foreign.delete(architecture.nodePackage);
  return Object.entries((JSON.parse(text) as PackageLock).packages)
    .map(([place, entry]) => ({ name: place.replace(/^.*node_modules\//, ''), ...entry }))
    .filter((entry) => entry.integrity !== undefined && (entry.dev !== true || packagers.has(entry.name)))
    .filter((entry) => !foreign.has(entry.name))
    .map(({ name, version = '', integrity = '' }) => ({ name, version, integrity }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

/** Packages of `all` that are not in `base`, by what they hold. */
export function packagesBeyond(all: readonly Package[], base: readonly Package[]): readonly Package[] {
  const known = new Set(base.map((item) => item.sha256));
  return all.filter((item) => !known.has(item.sha256));
}
