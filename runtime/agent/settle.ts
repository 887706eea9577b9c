/**
 * Gives back to the system what starting has left behind. V8 collects when a program asks for memory, and an idle node
 * hardly does: modules' source texts and what was compiled once would stay resident for days.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** After the start, and once more when a blank machine will have formed its cluster. */
const delaysSeconds = [20, 180];

/** For each thread to call once it runs. Does nothing where Node does not expose its collector (see trivet.service). */
export async function settleAfterStart(): Promise<void> {
  for (const seconds of delaysSeconds) {
    // It must not keep a stopped agent alive.
    await sleep(seconds * 1000, undefined, { ref: false });
    // The thorough kind also lets go of what was compiled and has not run since.
    globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'sync' });
  }
}
