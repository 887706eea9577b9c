/** What a node measures of itself for the leader, who prefers machines that are quick and not overloaded. */
import { readFileSync } from 'node:fs';
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import * as z from 'zod';

export const loadSchema = z.object({
  /** The median of the log's last writes; null on a node that has written nothing lately, such as a spare. */
  syncMilliseconds: z.number().min(0).nullable(),
  /** Runnable work for each processor over the last minute; 1 is fully busy. */
  processorLoad: z.number().min(0),
  /** The part of the memory that could be used without swapping. */
  freeMemory: z.number().min(0).max(1),
});
export type Load = z.infer<typeof loadSchema>;

export function measureLoad(syncMilliseconds: readonly number[]): Load {
  const sorted = [...syncMilliseconds].sort((a, b) => a - b);
  const [minute = 0] = loadavg();
  return {
    syncMilliseconds: sorted[Math.floor(sorted.length / 2)] ?? null,
    processorLoad: minute / availableParallelism(),
    freeMemory: Math.min(1, readAvailableMemory() / totalmem()),
  };
}

/** MemAvailable of proc(5): what could be used without swapping; free memory alone would leave out caches. */
export function readAvailableMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    return match ? Number(match[1]) * 1024 : freemem();
  } catch {
    return freemem();
  }
}
