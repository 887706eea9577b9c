/** What package-lock.json says about a package: its version, and the hash that stands for its content. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';

export interface LockedPackage {
  readonly version: string;
  readonly integrity: string;
}

/** @throws BuildError when the lock file does not name it. */
export async function lockedPackage(checkout: string, name: string): Promise<LockedPackage> {
  const text = await readFile(path.join(checkout, 'package-lock.json'), 'utf8');
  const lock = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  const entry = lock.packages[`node_modules/${name}`];
  if (entry?.integrity === undefined) {
    throw new BuildError('damaged-input', `package-lock.json does not name ${name}: restore it from git.`);
  }
  return entry;
}
