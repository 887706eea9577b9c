/**
 * What `trivet-health.service` runs at every start: when the version is on trial, waits until the machine is healthy and
 * marks it good. When it does not become so in time this fails, and systemd restarts the machine.
 */
import { readdirSync } from 'node:fs';
import { markGood, removeCountedCopies } from './boot-partition.ts';
import { type BootState, readBootState } from './boot-state.ts';
import type { Device } from './device.ts';
import { type HealthLook, judgeHealth } from './health.ts';
import { readBefore } from './notes.ts';
import { UpdateError } from './update-error.ts';

export interface ConfirmOptions {
  readonly look: () => Promise<HealthLook>;
  /** Seconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
  readonly tell: (sentence: string) => void;
}

const pauseSeconds = 1;

/** @returns whether there was anything to confirm. Throws `UpdateError` `unhealthy` when the trial has failed. */
export async function confirmUpdate(device: Device, options: ConfirmOptions): Promise<boolean> {
  const boot = readTrial(device);
  if (boot === null) {
    await removeCountedCopies(device);
    return false;
  }
  const { tell } = options;
  const { version, slot } = boot.running;
  const limit = device.image.health.seconds;
  tell(`Version ${version} in slot ${slot} is on trial. It has ${limit} s to become healthy.`);
  const verdict = await waitForHealth(device, options);
  if (verdict.kind === 'unhealthy') {
    throw new UpdateError(
      'unhealthy',
      `Version ${version} did not become healthy within ${limit} s: ${verdict.why}. The machine restarts; after three failed tries the version before runs again.`,
    );
  }
  await markGood(device, slot);
  tell(`Version ${version} is good: ${verdict.why}.`);
  return true;
}

/** Null when the version that runs is not on trial. Throws `UpdateError` when it is, and that cannot be seen to its end. */
function readTrial(device: Device): BootState | null {
  try {
    const boot = readBootState(device);
    return boot.running.state === 'trial' ? boot : null;
  } catch (error) {
    // Without the boot partition a good version runs on; one on trial could never be marked good.
    if (!loaderCounts(device)) return null;
    throw error;
  }
}

/** systemd-boot says in this variable that the kernel image that it started has a counter. */
function loaderCounts({ paths }: Device): boolean {
  try {
    return readdirSync(paths.efiVariables).some((name) => name.startsWith('LoaderBootCountPath-'));
  } catch {
    return false;
  }
}

async function waitForHealth(device: Device, { look, now, pause }: ConfirmOptions) {
  const before = readBefore(device.paths);
  const deadline = now() + device.image.health.seconds;
  for (;;) {
    const verdict = judgeHealth(await look(), before);
    if (verdict.kind === 'healthy' || now() >= deadline) return verdict;
    await pause(pauseSeconds);
  }
}
