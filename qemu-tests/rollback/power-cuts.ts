/**
 * The power goes while a device installs a version, or while it tries it and marks it good: at random places of the record
 * of its writes, every second time just after one to the boot partition. Each disk that is left must start one of both
 * versions, and that one be good.
 */
import { closeSync, openSync, readSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { decodeTable, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { type Random, seededRandom } from '../../runtime/raft/testing/seeded-random.ts';
import type { Machine } from '../machine/machine.ts';
import { applyCut, cutAfter } from '../powercut/disk-after-cut.ts';
import { type LogEntry, readWriteLog } from '../powercut/write-log.ts';
import { type CellResult, copyDisk, expect, waitForSystem, withMachine } from './cell.ts';
import { imageOf, makeMachine, type Subject, secondVersion } from './subject.ts';

const diskBytes = 2 * 1024 ** 3;
const installLimitMilliseconds = 900_000;

/** Installing the version, or trying it. */
export type Occasion = 'installing' | 'trying';

export interface PowerCutOptions {
  readonly cuts: number;
  readonly seed: number;
}

/** What a device wrote from a disk on. */
interface Recording {
  readonly disk: string;
  readonly file: string;
  readonly entries: readonly LogEntry[];
  /** The first sector behind the boot partition. */
  readonly bootPartitionEnd: number;
}

/**
 * Rejects with the first disk that does not start as it should; it is kept.
 * @param installed the disk on which version 9 is about to be tried.
 */
export async function runPowerCuts(
  subject: Subject,
  occasion: Occasion,
  installed: string,
  { cuts, seed }: PowerCutOptions,
): Promise<CellResult & { readonly ended: Readonly<Record<'first' | 'second', number>> }> {
  const startedAt = performance.now();
  const random = seededRandom(seed);
  const recording = await record(subject, occasion, installed);
  const ended = { first: 0, second: 0 };
  let starts = 0;
  for (let cut = 1; cut <= cuts; cut += 1) {
    const name = `${occasion}-cut-${cut}`;
    const disk = copyDisk(recording.disk, path.join(subject.directory, `${name}.raw`));
    truncateSync(disk, diskBytes);
    const count = chooseEnd(recording, random, cut % 2 === 0);
    applyCut(cutAfter(recording.entries.slice(0, count), random), recording.file, disk);
    const where = `cut ${cut} (seed ${seed}), after ${count} of ${recording.entries.length} writes and flushes`;
    const result = await withMachine(subject, name, { image: imageOf(disk) }, async (machine) => {
      const system = await waitForSystem(
        machine,
        `a version runs and is good: ${where}`,
        ({ state }) => state === 'good',
      );
      const isSecond = system.slot === 'b';
      const wanted = isSecond ? secondVersion : subject.first.version;
      expect(system.version === wanted, `${where}: slot ${system.slot} runs ${system.version}`);
      ended[isSecond ? 'second' : 'first'] += 1;
    });
    starts += result.starts;
  }
  rmSync(recording.file, { force: true });
  return { starts, seconds: (performance.now() - startedAt) / 1000, ended };
}

async function record(subject: Subject, occasion: Occasion, installed: string): Promise<Recording> {
  const isInstalling = occasion === 'installing';
  const disk = isInstalling ? subject.first.image.file : installed;
  const updateDisk = copyDisk(subject.updateDisk, path.join(subject.directory, `record-${occasion}.update`));
  const machine = await makeMachine(subject, `record-${occasion}`, {
    ...{ image: imageOf(disk), recordsWrites: true, diskBytes },
    ...(isInstalling ? { endsAtRestart: true, extraDiskFiles: [updateDisk] } : {}),
  });
  try {
    await machine.powerOn();
    await (isInstalling ? machine.untilRestart(installLimitMilliseconds) : untilMarkedGood(machine));
  } finally {
    await machine.close();
  }
  for (const file of [machine.diskFile, updateDisk]) rmSync(file, { force: true });
  const entries = readWriteLog(machine.writeLogFile);
  return { disk, file: machine.writeLogFile, entries, bootPartitionEnd: bootPartitionEnd(disk) };
}

/** What it writes last it says afterwards. */
async function untilMarkedGood(machine: Machine): Promise<void> {
  await waitForSystem(
    machine,
    'version 9 is marked good',
    ({ slot, state }) => slot === 'b' && state === 'good',
  );
}

function bootPartitionEnd(disk: string): number {
  const start = Buffer.alloc(primarySectors * sectorSize);
  const descriptor = openSync(disk, 'r');
  try {
    readSync(descriptor, start, 0, start.length, 0);
  } finally {
    closeSync(descriptor);
  }
  const esp = decodeTable(start).partitions.find(({ name }) => name === 'esp')!;
  return esp.firstLba + esp.sectors;
}

/** @returns how many entries of the record count: anywhere, or up to one of the writes to the boot partition. */
function chooseEnd(
  { entries, bootPartitionEnd: end }: Recording,
  random: Random,
  atBootPartition: boolean,
): number {
  if (!atBootPartition) return 1 + Math.floor(random() * entries.length);
  const writes = entries.flatMap((entry, index) =>
    entry.kind === 'write' && entry.sector < end ? [index] : [],
  );
  return (writes[Math.floor(random() * writes.length)] ?? entries.length - 1) + 1;
}
