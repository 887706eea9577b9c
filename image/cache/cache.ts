/**
 * The builder's cache: directories named by the hash of everything that went into them. A directory is either
 * complete or not there, because it is made under another name and renamed when it is done.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface Cache {
  readonly directory: string;
}

/** How many results of one stage are kept; the least recently used go first. */
const keptPerStage = 12;
/** What was used this recently stays in any case: another build may be reading it. */
const inUseMilliseconds = 60 * 60 * 1000;

/** `$XDG_CACHE_HOME/trivet`, or `~/.cache/trivet`. */
export function openCache(environment: NodeJS.ProcessEnv = process.env): Cache {
  const base = environment.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return { directory: path.join(base, 'trivet') };
}

/** The key of a stage's result: the hash of its inputs, given as plain data. Order matters. */
export function cacheKey(inputs: unknown): string {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 32);
}

/**
 * The directory that `make` filled for this key, now or in an earlier build. `make` gets an empty directory; when it
 * fails nothing is left behind.
 */
export async function cached(
  cache: Cache,
  stage: string,
  key: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const stageDirectory = path.join(cache.directory, stage);
  const finished = path.join(stageDirectory, key);
  if (existsSync(finished)) {
    const now = new Date();
    await utimes(finished, now, now);
    return finished;
  }
  // The process is part of the name, so that the sweep of another build knows that it still works on it.
  const unique = `${randomBytes(4).toString('hex')}.${process.pid}`;
  const unfinished = path.join(stageDirectory, `.${key}.${unique}`);
  await mkdir(unfinished, { recursive: true });
  try {
    await make(unfinished);
    // Packages bring a date of their own for the top directory; here it says when the result was last used.
    const now = new Date();
    await utimes(unfinished, now, now);
    await rename(unfinished, finished).catch((error: NodeJS.ErrnoException) => {
      // Another build was quicker with the same inputs; its result is as good.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await dropOldest(stageDirectory, finished);
  return finished;
}

async function dropOldest(stageDirectory: string, keep: string): Promise<void> {
  const names = (await readdir(stageDirectory)).filter((name) => !name.startsWith('.'));
  if (names.length <= keptPerStage) return;
  const used = await Promise.all(
    names.map(async (name) => {
      const entry = path.join(stageDirectory, name);
      return { entry, usedAt: (await stat(entry)).mtimeMs };
    }),
  );
  used.sort((a, b) => b.usedAt - a.usedAt);
  const before = Date.now() - inUseMilliseconds;
  for (const { entry, usedAt } of used.slice(keptPerStage)) {
    if (entry !== keep && usedAt < before) await rm(entry, { recursive: true, force: true });
  }
}
