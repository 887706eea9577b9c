/**
 * Makes the recovery key of this machine's data partition, and writes it down for each operator of the image. In clear it is
 * in the memory of this process only. A key of before goes, so that one that nobody knows (a power cut) does not stay.
 */
import { execFile } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { writeFileDurably } from '../files/durable.ts';
import { removeDurably, withWritableBootPartition, writeBootFile } from '../updates/boot-partition.ts';
import type { Device } from '../updates/device.ts';
import { type Receiver, sealKey } from './sealed-key.ts';

export interface RecoveryPlaces {
  readonly partition: string;
  /** The operators whom the image names, written by the build. */
  readonly operators: string;
  /** On the data partition: for which operators its key was made. */
  readonly mark: string;
}

export const recoveryPlaces: RecoveryPlaces = {
  partition: '/dev/disk/by-partlabel/data',
  operators: '/usr/lib/trivet/recovery-operators.json',
  mark: '/var/lib/trivet-recovery-key',
};

/** The recovery key cannot be made; the message never has it. */
export class RecoveryError extends Error {
  override readonly name = 'RecoveryError';
}

const operatorsSchema = z.array(z.strictObject({ name: z.string(), key: z.string() })).min(1);

/** Eight groups of eight letters that every keyboard layout has in the same place. */
const keyPattern = /^[cbdefghijklnrtuv]{8}(-[cbdefghijklnrtuv]{8}){7}$/m;

/**
 * @param enrol makes a key for the partition, in place of an earlier one, and gives it.
 * @returns the names of the operators. Throws `RecoveryError` and `UpdateError`.
 */
export async function makeRecoveryKey(
  device: Device,
  machine: string,
  places: RecoveryPlaces = recoveryPlaces,
  enrol: (partition: string) => Promise<string> = enrolBySystemd,
): Promise<string[]> {
  const list = readFileSync(places.operators, 'utf8');
  const operators: readonly Receiver[] = operatorsSchema.parse(JSON.parse(list));
  const origin = { machine, volume: readVolume(places.partition) };
  const key = await enrol(places.partition);
  const directory = path.join(device.paths.bootPartition, 'recovery');
  await withWritableBootPartition(device, async () => {
    for (const operator of operators)
      await writeBootFile(
        path.join(directory, `${operator.name}.json`),
        once(sealKey(key, operator, origin)),
      );
    removeDurably(filesBeside(directory, operators));
  });
  // Last: whatever was interrupted is done again.
  writeFileDurably(places.mark, list, 0o644);
  return operators.map(({ name }) => name);
}

/** Those that open nothing any more. */
function filesBeside(directory: string, operators: readonly Receiver[]): string[] {
  const current = new Set(operators.map(({ name }) => `${name}.json`));
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json') && !current.has(name))
    .map((name) => path.join(directory, name));
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** The binary header of LUKS2 (its specification, section 2.1): magic, and the volume's UUID as text. */
const header = {
  bytes: 512,
  magic: Buffer.from('LUKS\xba\xbe\x00\x02', 'latin1'),
  uuid: [168, 208],
} as const;

function readVolume(partition: string): string {
  const bytes = Buffer.alloc(header.bytes);
  const descriptor = openSync(partition, 'r');
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (!bytes.subarray(0, header.magic.length).equals(header.magic))
    throw new RecoveryError(
      `${partition} is not encrypted (LUKS2): there is nothing to make a recovery key for.`,
    );
  return bytes.toString('latin1', ...header.uuid).replace(/\0.*$/s, '');
}

async function enrolBySystemd(partition: string): Promise<string> {
  const words = ['--unlock-tpm2-device=auto', '--recovery-key', '--wipe-slot=recovery', partition];
  const { stdout } = await promisify(execFile)('systemd-cryptenroll', words).catch((cause) => {
    // What it printed stays out of messages: it may be the key.
    const reason = String((cause as { stderr?: string }).stderr ?? '').trim() || 'it cannot be started';
    throw new RecoveryError(`systemd-cryptenroll made no recovery key: ${reason}`);
  });
  const key = keyPattern.exec(stdout)?.[0];
  if (key === undefined) throw new RecoveryError('systemd-cryptenroll printed no recovery key.');
  return key;
}
