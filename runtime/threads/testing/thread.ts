/** A thread for tests, with jobs that show what a thread does. */
import { parentPort, threadId } from 'node:worker_threads';
import { runJobs } from '../jobs.ts';

let done = 0;

export const jobs = {
  /** Takes a while; the numbers that come first are done first. */
  async wait(milliseconds: number): Promise<{ readonly threadId: number; readonly done: number }> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    done += 1;
    return { threadId, done };
  },
  fail(message: string): never {
    throw new Error(message);
  },
  die(): never {
    process.exit(3);
  },
};

if (parentPort !== null) runJobs(parentPort, () => jobs);
