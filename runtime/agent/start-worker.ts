/** Starts the agent's worker threads, from the sources in a checkout and from the bundle in the executable. */
import path from 'node:path';
import { type MessagePort, Worker } from 'node:worker_threads';
import { isPackaged } from '../version.ts';

/**
 * Starts `core-thread.ts`; `workerData.role` says as what. The packaged executable carries its bundle beside the main one, and pkg wants a path,
 * not a URL.
 */
export function startWorker(
  workerData: Record<string, unknown>,
  transferList: readonly MessagePort[] = [],
): Worker {
  const options = {
    workerData,
    transferList: [...transferList],
    // Left alone, V8 takes 48 MB for young objects on each thread; these die early all the same.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  };
  if (!isPackaged) return new Worker(new URL('./core-thread.ts', import.meta.url), options);
  return new Worker(path.join(import.meta.dirname, 'core-thread.cjs'), options);
}
