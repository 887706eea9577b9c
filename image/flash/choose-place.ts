/** Where the image goes: a disk that may be written, a file that is there, or a new one. Nothing is opened here. */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { readMachineFacts } from './disk-facts.ts';
import { diskOfPartition, findDisks, type MachineFacts, refusalOf } from './disks.ts';

export interface Place {
  readonly path: string;
  /** For the question. */
  readonly description: string;
  /** Of a disk; null for a file. */
  readonly diskBytes: number | null;
  readonly isNew: boolean;
}

export interface PlaceOptions {
  /** As the person named it. */
  readonly device: string;
  /** Which must not be overwritten by itself. */
  readonly imageFile: string | null;
  readonly force: boolean;
  readonly create: boolean;
}

/** @throws BuildError when it may not be written; the message says why and what to do. */
export async function choosePlace(options: PlaceOptions): Promise<Place> {
  const { device, create, imageFile } = options;
  const found = await stat(device).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw refusal(`${device} cannot be looked at: ${error.message}.`);
  });
  if (found === null) return newFile(device, create);
  if (create) throw refusal(`${device} is there already, and --create makes a new file. Leave --create out.`);
  if (found.isBlockDevice())
    return chooseDisk(await realpath(device), await readMachineFacts(), options.force);
  if (!found.isFile()) throw refusal(`${device} is neither a disk nor a file. Name one, such as /dev/sdb.`);
  if (imageFile !== null && isSameFile(found, await stat(imageFile)))
    throw refusal(`${device} is the image itself. Name another file.`);
  return { path: device, description: `the file ${device}`, diskBytes: null, isNew: false };
}

/** Pure. @param devicePath without symbolic links. */
export function chooseDisk(devicePath: string, facts: MachineFacts, force: boolean): Place {
  const name = path.basename(devicePath);
  const whole = diskOfPartition(facts, name);
  if (whole !== null)
    throw refusal(`${devicePath} is a partition; an image goes onto a whole disk. Name /dev/${whole}.`);
  const disk = findDisks(facts).find((candidate) => candidate.name === name);
  if (disk === undefined)
    throw refusal(`${devicePath} is no disk that an image can be written to. Name one, such as /dev/sdb.`);
  const reason = refusalOf(disk, { force });
  if (reason !== null) throw refusal(reason);
  const size = `${(disk.sizeBytes / 2 ** 30).toFixed(1)} GiB`;
  const description = `${devicePath} (${[disk.model, disk.bus === 'other' ? '' : disk.bus, size].filter(Boolean).join(', ')})`;
  return { path: devicePath, description, diskBytes: disk.sizeBytes, isNew: false };
}

/** Under /dev nothing is made: what is missing there is a disk that is not plugged in, or a typing error. */
function newFile(device: string, create: boolean): Place {
  if (path.resolve(device).startsWith('/dev/'))
    throw refusal(`There is no ${device}. Plug the disk in, and see its name with: trivet flash IMAGE`);
  if (!create) throw refusal(`There is no ${device}. For a new file, give --create.`);
  return { path: device, description: `the new file ${device}`, diskBytes: null, isNew: true };
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

function refusal(message: string): BuildError {
  return new BuildError('device', message);
}
