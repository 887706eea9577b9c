/** Writing to the boot partition: writable only meanwhile, and durable before the next step begins. */
import {
  closeSync,
  createReadStream,
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
import { isStartable, sectorBytes } from './kernel-image.ts';
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
    return takeCounterAway(device, slot);
  });
}

/**
 * The kernel image is copied to its name without a counter, and the one with a counter goes when the copy is whole. Where
 * there is no room for a copy it is renamed, which a power cut may undo to the version before.
 */
async function takeCounterAway(device: Device, slot: Slot): Promise<void> {
  const good = path.join(entriesDirectory(device), `trivet-${slot}.efi`);
  const counted = kernelImagesOf(device, slot).find((file) => file !== good && isStartable(file));
  if (counted === undefined) {
    throw new UpdateError('device', `The boot partition has no kernel image of slot ${slot} any more.`);
  }
  try {
    makeStartable(good, await writeKernelImage(good, createReadStream(counted)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    removeDurably([good]);
    renameSync(counted, good);
    syncDirectory(entriesDirectory(device));
    return;
  }
  removeDurably([counted]);
}

/** What a power cut has left between the copy without a counter and the end of the one with it. */
export async function removeCountedCopies(device: Device): Promise<void> {
  if (device.image.bootChain === 'u-boot' || !existsSync(entriesDirectory(device))) return;
  const good = path.join(entriesDirectory(device), `trivet-${device.slot}.efi`);
  const counted = kernelImagesOf(device, device.slot).filter((file) => file !== good);
  if (counted.length === 0 || !existsSync(good) || !isStartable(good)) return;
  await withWritableBootPartition(device, () => removeDurably(counted));
}

/**
 * Writes a kernel image under its name, but for its first sector: until `makeStartable` has written that one, no firmware
 * takes the file for a program. (To write aside and rename would be usual; but Linux's FAT gives the new name its content
 * only some time later, and a power cut leaves an empty file.)
 * @returns the first sector.
 */
export async function writeKernelImage(
  file: string,
  content: AsyncIterable<Uint8Array>,
): Promise<Uint8Array> {
  const first: Uint8Array[] = [];
  await writeBootFile(file, withoutFirstSector(content, first));
  return Buffer.concat(first);
}

/** One sector is written whole or not at all. */
export function makeStartable(file: string, firstSector: Uint8Array): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, firstSector, 0, firstSector.length, 0);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The same content with zeros for its first sector, whose bytes are put into `first`. */
async function* withoutFirstSector(
  content: AsyncIterable<Uint8Array>,
  first: Uint8Array[],
): AsyncGenerator<Uint8Array> {
  let missing = sectorBytes;
  for await (const piece of content) {
    const part = Math.min(missing, piece.length);
    // The piece may be the source's own memory.
    first.push(Uint8Array.from(piece.subarray(0, part)));
    missing -= part;
    if (part > 0) yield new Uint8Array(part);
    if (part < piece.length) yield piece.subarray(part);
  }
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
