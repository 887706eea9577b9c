/** Removes what interrupted builds have left in the cache. */
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Cache } from './cache.ts';

/** Directories of work in progress, one a process, named by its id. */
const workDirectories = [
  ...['building', 'bundling', 'composing', 'flashing', 'inspecting', 'packaging', 'verifying'],
];
/** An unfinished result this old belongs to no build that still runs. */
const abandonedMilliseconds = 24 * 60 * 60 * 1000;

/** Leaves alone what a living process works on. */
export async function sweepCache(cache: Cache): Promise<void> {
  for (const name of await namesIn(cache.directory)) {
    const directory = path.join(cache.directory, name);
    const isWork = workDirectories.includes(name);
    for (const entry of await namesIn(directory)) {
      const file = path.join(directory, entry);
      // What is being unpacked has the date of a package, so that its age alone says nothing.
      const isAbandoned =
        !isAlive(processIdIn(entry)) && (isWork || (entry.startsWith('.') && (await isOld(file))));
      if (isAbandoned) await rm(file, { recursive: true, force: true });
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}

function processIdIn(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

function isAlive(processId: number): boolean {
  try {
    return processId > 0 && process.kill(processId, 0);
  } catch (error) {
    // It may be another user's, in a cache that is shared.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isOld(file: string): Promise<boolean> {
  const status = await stat(file).catch(() => null);
  return status !== null && Date.now() - status.mtimeMs > abandonedMilliseconds;
}
