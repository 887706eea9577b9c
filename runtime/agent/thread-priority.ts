/**
 * The core thread goes before everything else the agent does: on a busy machine heartbeats must still leave in time. On
 * Linux a thread has a priority of its own, under the number that the kernel knows it by, and those it starts have the same.
 */
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

const coreNiceness = -5;
const ordinaryNiceness = 0;

/** Raises the priority of the calling thread. Without the right to do so everything stays as it is. */
export function preferThisThread(): void {
  setNiceness(coreNiceness);
}

/** For a thread that the core has started, and that must not take the processor from it. */
export function preferOthers(): void {
  setNiceness(ordinaryNiceness);
}

function setNiceness(niceness: number): void {
  try {
    const [, thread] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (thread !== undefined) setPriority(Number(thread), niceness);
  } catch {
    // Needs CAP_SYS_NICE, or a limit of nice that allows it (LimitNICE= of the unit).
  }
}
