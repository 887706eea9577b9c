/** What a member costs the machine while little happens: memory, processor, bytes written to the disk. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, inTurns, type Row, row } from './measurements.ts';
import { leaderOf, type Subject } from './subject.ts';

/** Linux counts processor time in hundredths of a second. */
const ticksPerSecond = 100;

/** Resident memory of the largest member, once all keys are there. */
export async function measureMemory({ subjects }: Bench): Promise<Row[]> {
  const largest = (name: Subject['name']): number | null => {
    const subject = subjects.find((item) => item.name === name);
    return subject === undefined ? null : Math.max(...pids(subject).map(residentMegabytes));
  };
  const [trivet, etcd] = [largest('trivet'), largest('etcd')];
  return [{ name: 'resident memory with 10,000 keys', unit: 'MB', better: 'lower', trivet, etcd }];
}

/** Share of one core that the busiest member takes while nobody asks anything. */
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
  ];
}

const putCount = 1_000;

/** Of all members together, one small write after the other. */
export async function measureDiskBytes(bench: Bench): Promise<Row[]> {
  const measured = await inTurns({ ...bench, rounds: Math.min(bench.rounds, 3) }, async (subject) => {
    const { endpoint } = await leaderOf(subject);
    const before = sum(pids(subject).map(writtenBytes));
    await bench.client.run({ kind: 'puts', endpoint, count: putCount });
    // What is put off is written all the same.
    await sleep(2_000);
    return { megabytes: (sum(pids(subject).map(writtenBytes)) - before) / 1e6 };
  });
  return [row('written by three members for 1,000 small puts', 'MB', 'lower', measured, 'megabytes')];
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

function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
