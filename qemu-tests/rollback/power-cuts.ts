/**
 * The power goes while a device installs a version: at random places of the record of its writes, every second time among
 * the last of them, where the boot partition changes. Each disk that is left must start one of both versions.
 */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodeTable, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { type Random, seededRandom } from '../../runtime/raft/testing/seeded-random.ts';
import { applyCut, cutAfter } from '../powercut/disk-after-cut.ts';
import { type LogEntry, readWriteLog } from '../powercut/write-log.ts';
import { type CellResult, copyDisk, expect, waitForSystem, withMachine } from './cell.ts';
import { imageOf, makeMachine, type Subject, secondVersion } from './subject.ts';

const diskBytes = 2 * 1024 ** 3;
const installLimitMilliseconds = 900_000;

export interface PowerCutOptions {
  readonly cuts: number;
  readonly seed: number;
}

/** Rejects with the first disk that does not start as it should; it is kept. */
export async function runPowerCuts(
  subject: Subject,
  { cuts, seed }: PowerCutOptions,
): Promise<CellResult & { readonly ended: Readonly<Record<'first' | 'second', number>> }> {
  const startedAt = performance.now();
  const random = seededRandom(seed);
  const record = await recordInstallation(subject);
  const ended = { first: 0, second: 0 };
  let starts = 0;
  for (let cut = 1; cut <= cuts; cut += 1) {
    const disk = copyDisk(subject.first.image.file, path.join(subject.directory, `cut-${cut}.raw`));
    truncateSync(disk, diskBytes);
    const count = chooseEnd(record.entries, record.bootPartitionEnd, random, cut % 2 === 0);
    applyCut(cutAfter(record.entries.slice(0, count), random), record.file, disk);
    const where = `cut ${cut} (seed ${seed}), after ${count} of ${record.entries.length} writes and flushes`;
    const result = await withMachine(subject, `cut-${cut}`, { image: imageOf(disk) }, async (machine) => {
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
  rmSync(record.file, { force: true });
  return { starts, seconds: (performance.now() - startedAt) / 1000, ended };
}

interface Installation {
  readonly file: string;
  readonly entries: readonly LogEntry[];
  /** The first sector behind the boot partition. */
  readonly bootPartitionEnd: number;
}

async function recordInstallation(subject: Subject): Promise<Installation> {
  const machine = await makeMachine(subject, 'record', {
    ...{ recordsWrites: true, endsAtRestart: true, extraDiskFiles: [subject.updateDisk], diskBytes },
  });
  try {
    await machine.powerOn();
    await machine.untilRestart(installLimitMilliseconds);
  } finally {
    await machine.close();
  }
  rmSync(machine.diskFile, { force: true });
  const start = readFileSync(subject.first.image.file).subarray(0, primarySectors * sectorSize);
  const esp = decodeTable(start).partitions.find(({ name }) => name === 'esp')!;
  const entries = readWriteLog(machine.writeLogFile);
  writeFileSync(`${machine.writeLogFile}.count`, `${entries.length}\n`);
  return { file: machine.writeLogFile, entries, bootPartitionEnd: esp.firstLba + esp.sectors };
}

/** Anywhere, or from the last long stretch of writes to the boot partition on. */
function chooseEnd(
  entries: readonly LogEntry[],
  bootPartitionEnd: number,
  random: Random,
  atTheEnd: boolean,
): number {
  const isBootWrite = (entry: LogEntry): boolean => entry.kind === 'write' && entry.sector < bootPartitionEnd;
  const first = atTheEnd ? entries.findIndex(isBootWrite) : 0;
  const from = Math.max(0, first);
  if (!atTheEnd) return from + 1 + Math.floor(random() * (entries.length - from));
  const bootWrites = entries.flatMap((entry, index) => (isBootWrite(entry) ? [index] : []));
  return (bootWrites[Math.floor(random() * bootWrites.length)] ?? entries.length - 1) + 1;
}
