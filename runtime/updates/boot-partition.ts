/** Writing to the boot partition: writable only meanwhile, and durable before the next step begins. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { syncDirectory } from '../files/durable.ts';
import { encodeEnvironment } from './boot-environment.ts';
import { entriesDirectory, environmentFile, kernelImagesOf } from './boot-state.ts';
import type { Device, Slot } from './device.ts';
import { UpdateError } from './update-error.ts';

/** Runs `work` with the boot partition writable; it is read-only again afterwards, whatever happened. */
export async function withWritableBootPartition<Result>(
  device: Device,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  device.actions.remountBootPartition('rw');
  try {
    return await work();
  } finally {
    device.actions.remountBootPartition('ro');
  }
}

/**
 * Says that the slot has proved itself. systemd-boot: the kernel image loses its counter. u-boot: one sector, written
 * in place, so that a power cut leaves the old or the new.
 */
export async function markGood(device: Device, slot: Slot): Promise<void> {
  await withWritableBootPartition(device, () => {
    if (device.image.bootChain === 'u-boot') {
      writeSlots(device, { good: slot, trial: '', id: '' });
      return;
    }
    const [counted] = kernelImagesOf(device, slot);
    if (counted === undefined) {
      throw new UpdateError('device', `The boot partition has no kernel image of slot ${slot} any more.`);
    }
    renameSync(counted, path.join(entriesDirectory(device), `trivet-${slot}.efi`));
    syncDirectory(entriesDirectory(device));
  });
}

/** Writes `slots.env` in place. */
export function writeSlots(
  device: Device,
  values: { readonly good: Slot; readonly trial: Slot | ''; readonly id: string },
): void {
  const file = environmentFile(device, 'slots');
  const isNew = !existsSync(file);
  mkdirSync(path.dirname(file), { recursive: true });
  const descriptor = openSync(file, isNew ? 'w' : 'r+');
  try {
    const bytes = encodeEnvironment({ ...values });
    writeSync(descriptor, bytes, 0, bytes.length, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  if (isNew) syncDirectory(path.dirname(file));
}

/** Writes a file in pieces and syncs it. */
export async function writeBootFile(file: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  makeDirectories(path.dirname(file));
  const descriptor = openSync(file, 'w');
  try {
    for await (const piece of content) {
      for (let written = 0; written < piece.length; ) written += writeSync(descriptor, piece, written);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  syncDirectory(path.dirname(file));
}

function makeDirectories(directory: string): void {
  const first = mkdirSync(directory, { recursive: true });
  if (first !== undefined) syncDirectory(path.dirname(first));
}

/** Removes files or directories, and makes it durable. Those that are not there are no fault. */
export function removeDurably(files: readonly string[]): void {
  for (const file of files) {
    if (!existsSync(file)) continue;
    rmSync(file, { recursive: true });
    syncDirectory(path.dirname(file));
  }
}

/** Bytes that removing these would give back. */
export function sizeOfFiles(files: readonly string[]): number {
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}
