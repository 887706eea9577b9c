/**
 * The core thread goes before everything else the agent does: on a busy machine heartbeats must still leave in time. On
 * Linux a thread has a priority of its own, under the number that the kernel knows it by.
 */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

const coreNiceness = -5;

/** Raises the priority of the calling thread. Without the right to do so everything stays as it is. */
export function preferThisThread(): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (thread !== undefined) setPriority(Number(thread), coreNiceness);
  } catch {
    // Needs CAP_SYS_NICE.
  }
}
