/** What a member costs the machine while little happens: memory, processor, bytes written to the disk. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, inTurns, type Row, row } from './bench.ts';
import { leaderOf, type Subject } from './subject.ts';

/** Linux counts processor time in hundredths of a second. */
const ticksPerSecond = 100;

/** Resident memory of the largest member, just after all keys were written. */
export async function measureMemory({ subjects }: Bench): Promise<Row[]> {
  return [largestResident('resident memory when 10,000 keys have just been written', subjects)];
}

function largestResident(name: string, subjects: readonly Subject[]): Row {
  const largest = (name: Subject['name']): number | null => {
    const subject = subjects.find((item) => item.name === name);
    return subject === undefined ? null : Math.max(...pids(subject).map(residentMegabytes));
  };
  const [trivet, etcd] = [largest('trivet'), largest('etcd')];
  return { name, unit: 'MB', better: 'lower', trivet, etcd };
}

/** Share of one core that the busiest member takes while nobody asks anything, and the largest one's memory then. */
export async function measureIdle(bench: Bench): Promise<Row[]> {
  const before = new Map(bench.subjects.map((subject) => [subject.name, pids(subject).map(cpuSeconds)]));
  await sleep(bench.idleMilliseconds);
  const share = (name: Subject['name']): number | null => {
    const subject = bench.subjects.find((item) => item.name === name);
    if (subject === undefined) return null;
    const used = pids(subject).map((pid, index) => cpuSeconds(pid) - before.get(name)![index]!);
    return (Math.max(...used) / (bench.idleMilliseconds / 1_000)) * 100;
  };
  return [
    {
      name: 'processor while idle',
      unit: '% of a core',
      better: 'lower',
      trivet: share('trivet'),
      etcd: share('etcd'),
    },
    largestResident('resident memory at rest, with 10,000 keys', bench.subjects),
  ];
}

const putCount = 1_000;

/**
 * What reaches the disk for all members together, one small write after the other. Counted at the device, because the
 * kernel's count for a process takes a whole folio of its cache, up to megabytes, for each page that is written to.
 * Whatever else writes to that disk meanwhile is counted too.
 */
export async function measureDiskBytes(bench: Bench): Promise<Row[]> {
  const device = deviceOf(bench.directory);
  const measured = await inTurns({ ...bench, rounds: Math.min(bench.rounds, 3) }, async (subject) => {
    const { endpoint } = await leaderOf(subject);
    // What earlier rounds put off is written before, what this one puts off within.
    spawnSync('sync');
    const before = writtenBytes(device);
    await bench.client.run({ kind: 'puts', endpoint, count: putCount });
    spawnSync('sync');
    return { megabytes: (writtenBytes(device) - before) / 1e6 };
  });
  return [row('written to disk by three members for 1,000 small puts', 'MB', 'lower', measured, 'megabytes')];
}

function deviceOf(directory: string): string {
  const { dev } = statSync(directory);
  // As the kernel splits a device's number, for all that fit 32 bits.
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
  const file = `/sys/dev/block/${major}:${minor}/stat`;
  if (!existsSync(file)) {
    throw new Error(`${directory} lies on no disk whose writes Linux counts: name another with --directory`);
  }
  return file;
}

const sectorBytes = 512;

function writtenBytes(deviceStatistics: string): number {
  const fields = readFileSync(deviceStatistics, 'utf8').trim().split(/\s+/);
  return Number(fields[6]) * sectorBytes;
}

function pids(subject: Subject): number[] {
  return subject.members.map((member) => member.pid()).filter((pid) => pid !== null);
}

function residentMegabytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kilobytes) * 1_024) / 1e6;
}

function cpuSeconds(pid: number): number {
  // The program's name, in brackets, may hold anything; what is counted comes behind it.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
