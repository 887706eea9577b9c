/** The machine that an update is for: what its image says about itself, where its slots are, what it writes with. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { UpdateError } from './update-error.ts';

/** `/usr/lib/trivet/image.json`, see ARCHITECTURE.md, "From recipe to device". */
const imageSchema = z.object({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  target: z.string(),
  bootChain: z.enum(['systemd-boot', 'u-boot']),
  keys: z.enum(['development', 'operator']),
  /** PEM, Ed25519. */
  publicKey: z.string(),
  health: z.object({ seconds: z.int().min(1) }),
});

export type ImageFacts = z.infer<typeof imageSchema>;
export type Slot = 'a' | 'b';

export interface DevicePaths {
  readonly imageFacts: string;
  /** Written by the initrd: the slot that runs. */
  readonly slot: string;
  readonly bootPartition: string;
  /** Holds a name for each partition. */
  readonly partitions: string;
  readonly efiVariables: string;
  readonly networkDevices: string;
  /** What has to survive the restart into another version. */
  readonly notes: string;
  /** The initrd makes the machine new when it finds this file. */
  readonly factoryReset: string;
  /** The outcome of the last try to install, until the machine restarts. */
  readonly lastOutcome: string;
}

export const devicePaths: DevicePaths = {
  imageFacts: '/usr/lib/trivet/image.json',
  slot: '/run/trivet-slot',
  bootPartition: '/efi',
  partitions: '/dev/disk/by-partlabel',
  efiVariables: '/sys/firmware/efi/efivars',
  networkDevices: '/sys/class/net',
  notes: '/var/lib/trivet-update',
  factoryReset: '/var/lib/.factory-reset',
  lastOutcome: '/run/trivet-update.json',
};

/** What only the real machine can do; tests have files in place of it. */
export interface DeviceActions {
  remountBootPartition(mode: 'rw' | 'ro'): void;
  /** Forgets what the kernel remembers of disks, so that the next read comes from them. */
  dropCaches(): void;
}

export interface Device {
  readonly image: ImageFacts;
  readonly slot: Slot;
  readonly paths: DevicePaths;
  readonly actions: DeviceActions;
}

/** Null where no image of Trivet runs: a checkout, another system. Throws `UpdateError` when it runs and is damaged. */
export function readImageFacts(paths: DevicePaths = devicePaths): ImageFacts | null {
  let text: string;
  try {
    text = readFileSync(paths.imageFacts, 'utf8');
  } catch {
    return null;
  }
  try {
    return imageSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new UpdateError('device', `${paths.imageFacts} cannot be used: build the image again.`, { cause });
  }
}

/** Throws `UpdateError` where there are no slots. */
export function readDevice(paths: DevicePaths = devicePaths, actions = realActions(paths)): Device {
  const image = readImageFacts(paths);
  if (image === null) {
    throw new UpdateError(
      'device',
      `This is no machine with an image of Trivet: there is no ${paths.imageFacts}.`,
    );
  }
  return { image, slot: readSlot(paths), paths, actions };
}

function readSlot(paths: DevicePaths): Slot {
  let text = '';
  try {
    text = readFileSync(paths.slot, 'utf8').trim();
  } catch {
    // Said below, with everything else that it may be.
  }
  if (text === 'a' || text === 'b') return text;
  throw new UpdateError(
    'device',
    `${paths.slot} does not say which slot runs: the initrd has not written it.`,
  );
}

/** `/dev/disk/by-partlabel/root-b` and the like. */
export function partitionFile(device: Device, name: string): string {
  return path.join(device.paths.partitions, name);
}

export function otherSlot(slot: Slot): Slot {
  return slot === 'a' ? 'b' : 'a';
}

function realActions(paths: DevicePaths): DeviceActions {
  return {
    remountBootPartition: (mode) => {
      const run = spawnSync('mount', ['-o', `remount,${mode}`, paths.bootPartition], { encoding: 'utf8' });
      if (run.status === 0) return;
      const reason = run.error?.message ?? run.stderr.trim();
      throw new UpdateError(
        'device',
        `The boot partition ${paths.bootPartition} cannot be mounted ${mode === 'rw' ? 'writable' : 'read-only again'}: ${reason}`,
      );
    },
    // Only what is on the disk already and nobody has mapped is dropped.
    dropCaches: () => writeFileSync('/proc/sys/vm/drop_caches', '1'),
  };
}
