/**
 * What clients may do to the cluster by asking too much: every agent's main thread is kept busy, and the core thread
 * beside it must go on as if nothing were. Counted are elections, by the term.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Row } from './bench.ts';
import { LoadClient } from './load.ts';
import { leaderOf, type Member, type Subject, statusOf } from './subject.ts';

const inFlight = 128;
/** Clients begin and end at slightly different times; the share is taken in between. */
const marginMilliseconds = 1_000;

/** Elections of the embedded datastore while an API's load keeps the main thread of every member busy. */
export async function measureSaturation(bench: Bench): Promise<Row[]> {
  const subject = bench.subjects.find(({ name }) => name === 'trivet');
  if (subject === undefined) return [];
  await leaderOf(subject);
  const before = await termOf(subject);
  const milliseconds = bench.saturationMilliseconds;
  const loads = subject.members.map((member) => saturate(member, milliseconds));
  await sleep(marginMilliseconds);
  const busy = await Promise.all(
    subject.members.map((member) => busyShare(member, milliseconds - 2 * marginMilliseconds)),
  );
  const requests = await Promise.all(loads);
  const elections = (await termOf(subject)) - before;
  const seconds = Math.round(milliseconds / 1_000);
  const only = (name: string, unit: string, better: Row['better'], trivet: number): Row => {
    return { name, unit, better, trivet, etcd: null };
  };
  return [
    only(`elections in ${seconds} s with every main thread saturated`, 'elections', 'lower', elections),
    only(
      'main thread at work or waiting for a processor, least busy member',
      '%',
      'higher',
      Math.min(...busy),
    ),
    only(
      'requests served meanwhile',
      'per s',
      'higher',
      requests.reduce((sum, each) => sum + each, 0) / seconds,
    ),
  ];
}

async function saturate(member: Member, milliseconds: number): Promise<number> {
  const client = new LoadClient();
  try {
    const job = {
      kind: 'load',
      operation: 'range',
      endpoint: member.endpoint,
      inFlight,
      milliseconds,
    } as const;
    return (await client.run(job)).latencies.length;
  } finally {
    client.close();
  }
}

async function termOf(subject: Subject): Promise<number> {
  const statuses = await Promise.all(subject.members.map(statusOf));
  return Math.max(...statuses.map((status) => status.raftTerm));
}

/** Percent of the time in which the process's first thread ran or waited for a processor to run on (schedstat). */
async function busyShare(member: Member, milliseconds: number): Promise<number> {
  const pid = member.pid();
  if (pid === null) throw new Error(`${member.endpoint} does not run`);
  const read = (): number => {
    const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    return (ran + waited) / 1e6;
  };
  const before = read();
  const startedAt = performance.now();
  await sleep(milliseconds);
  return ((read() - before) / (performance.now() - startedAt)) * 100;
}
