/**
 * Which slot holds what, and whether it has proved itself: observed from the boot partition, for both boot chains
 * (ARCHITECTURE.md, "From recipe to device").
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeEnvironment } from './boot-environment.ts';
import { type Device, otherSlot, type Slot } from './device.ts';
import { isStartable, readImageVersion } from './kernel-image.ts';
import { UpdateError } from './update-error.ts';

/**
 * `empty`: nothing there can be started. `good`: it has proved itself, or nobody has ever doubted it. `trial`: it is
 * tried, now or at the next start. `failed`: all its tries are used up.
 */
export type SlotState = 'empty' | 'good' | 'trial' | 'failed';

export interface SlotStatus {
  readonly slot: Slot;
  readonly state: SlotState;
  /** Null when the slot is empty, or its kernel image does not say. */
  readonly version: string | null;
}

export interface BootState {
  readonly running: SlotStatus;
  readonly other: SlotStatus;
}

const triesAtMost = 3;
const entryPattern = /^trivet-([ab])(?:\+(\d+)(?:-\d+)?)?\.efi$/;

interface Entry {
  readonly file: string;
  readonly slot: Slot;
  /** Null without a counter: it is good. */
  readonly triesLeft: number | null;
}

export function entriesDirectory(device: Device): string {
  return path.join(device.paths.bootPartition, 'EFI', 'Linux');
}

/** Device trees of a slot. */
export function bootFilesDirectory(device: Device, slot: Slot): string {
  return path.join(device.paths.bootPartition, 'trivet', slot);
}

export function environmentFile(device: Device, name: 'slots' | 'tries'): string {
  return path.join(device.paths.bootPartition, 'trivet', `${name}.env`);
}

/** The kernel images of a slot, by their paths: one, or none, or what a power cut in the middle of renaming leaves. */
export function kernelImagesOf(device: Device, slot: Slot): readonly string[] {
  return readEntries(device)
    .filter((entry) => entry.slot === slot)
    .map(({ file }) => file);
}

/** Throws `UpdateError` when the boot partition cannot be read. */
export function readBootState(device: Device): BootState {
  const entries = readEntries(device).filter(({ file }) => isStartable(file));
  const environments = device.image.bootChain === 'u-boot' ? readEnvironments(device) : null;
  const judge = (slot: Slot, isRunning: boolean): SlotStatus => {
    const own = entries.filter((entry) => entry.slot === slot);
    const [first] = own;
    if (first === undefined && !isRunning) return { slot, state: 'empty', version: null };
    const state =
      environments === null
        ? stateByCounter(own, isRunning)
        : stateByEnvironment(environments, slot, isRunning);
    // Of what runs, the image itself knows.
    const version = isRunning ? device.image.version : readImageVersion(first!.file);
    return { slot, state, version };
  };
  return { running: judge(device.slot, true), other: judge(otherSlot(device.slot), false) };
}

function readEntries(device: Device): readonly Entry[] {
  const directory = entriesDirectory(device);
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (cause) {
    const text = `The boot partition cannot be read: ${(cause as Error).message}`;
    throw new UpdateError('device', text, { cause });
  }
  return names.sort().flatMap((name) => {
    const match = entryPattern.exec(name);
    if (match === null) return [];
    const triesLeft = match[2] === undefined ? null : Number(match[2]);
    return [{ file: path.join(directory, name), slot: match[1] as Slot, triesLeft }];
  });
}

/** systemd-boot counts a try before it is made: what runs in its last one has none left. */
function stateByCounter(entries: readonly Entry[], isRunning: boolean): SlotState {
  const isGood = entries.some(({ triesLeft }) => triesLeft === null);
  if (isGood || entries.length === 0) return 'good';
  return isRunning || entries.some(({ triesLeft }) => triesLeft !== 0) ? 'trial' : 'failed';
}

interface Environments {
  readonly slots: Readonly<Record<string, string>>;
  readonly tries: Readonly<Record<string, string>>;
}

/** Files that are missing or damaged count as empty, as they do for the boot script. */
function readEnvironments(device: Device): Environments {
  const read = (name: 'slots' | 'tries'): Readonly<Record<string, string>> => {
    const file = environmentFile(device, name);
    return (existsSync(file) ? decodeEnvironment(readFileSync(file)) : null) ?? {};
  };
  return { slots: read('slots'), tries: read('tries') };
}

function stateByEnvironment({ slots, tries }: Environments, slot: Slot, isRunning: boolean): SlotState {
  if (slots.trial !== slot) return 'good';
  if (isRunning) return 'trial';
  const isUsedUp = tries.tried === slots.id && Number(tries.count) >= triesAtMost;
  return isUsedUp ? 'failed' : 'trial';
}
