/** What clients see when the leader dies or is stopped, and how soon a lost voter's seat is taken. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Row } from './bench.ts';
import { percentile } from './statistics.ts';
import { leaderOf, type Subject, untilGone, untilWhole } from './subject.ts';
import { startTrivetSubject } from './trivet-subject.ts';

/** The longest time without a successful write, over many leaders killed (or stopped) one after the other. */
export async function measureFaults(bench: Bench, signal: 'SIGKILL' | 'SIGTERM'): Promise<Row[]> {
  const gaps = new Map<string, number[]>(bench.subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < bench.faults; round += 1) {
    for (const subject of bench.subjects) {
      gaps.get(subject.name)!.push(await strike(bench, subject, signal));
    }
    if ((round + 1) % 10 === 0) bench.say(`${signal}: ${round + 1} of ${bench.faults}`);
  }
  const what =
    signal === 'SIGKILL' ? 'without writes after a leader was killed' : 'without writes while a leader stops';
  const figure = (side: string, share: number): number | null => {
    const values = gaps.get(side)?.sort((a, b) => a - b);
    return values === undefined ? null : percentile(values, share);
  };
  return (
    [
      ['median', 0.5],
      ['p99', 0.99],
    ] as const
  ).map(([title, share]) => ({
    name: `${what}, ${title} of ${bench.faults}`,
    unit: 'ms',
    better: 'lower',
    trivet: figure('trivet', share),
    etcd: figure('etcd', share),
  }));
}

async function strike(bench: Bench, subject: Subject, signal: 'SIGKILL' | 'SIGTERM'): Promise<number> {
  const leader = await leaderOf(subject);
  const pid = leader.pid();
  if (pid === null) throw new Error(`${subject.name}: the leader does not run`);
  const endpoints = subject.members.filter((member) => member !== leader).map((member) => member.endpoint);
  const { longestGap } = await bench.client.run({ kind: 'fault', endpoints, pid, signal });
  await untilGone(pid);
  await leader.start();
  await untilWhole(subject);
  return longestGap!;
}

const replacementLimitMilliseconds = 60_000;

/** Five agents, three of them voters: from the death of one until three that live vote again. etcd has no such thing. */
export async function measureReplacement(bench: Bench): Promise<Row[]> {
  if (!bench.subjects.some((subject) => subject.name === 'trivet')) return [];
  const times: number[] = [];
  for (let round = 0; round < Math.max(1, Math.min(bench.faults, 5)); round += 1) {
    const subject = await startTrivetSubject(
      path.join(bench.directory, `replacement${round}`),
      5,
      bench.program,
    );
    try {
      const before = await subject.clusterStatus();
      const voter = before.nodes.find((node) => node.role === 'voter' && node.id !== before.leader);
      const victim = subject.nodes.find((_, index) => subject.addresses[index] === voter?.address);
      if (victim === undefined) throw new Error('no voter beside the leader was found among the agents');
      const startedAt = performance.now();
      await victim.stop('SIGKILL');
      const isReplaced = async (): Promise<boolean> => {
        const status = await subject.clusterStatus();
        return (
          status.nodes.filter((node) => node.role === 'voter' && node.online && node.id !== voter?.id)
            .length === 3
        );
      };
      while (!(await isReplaced())) {
        if (performance.now() - startedAt > replacementLimitMilliseconds)
          throw new Error('no voter was replaced in 60 s');
        await sleep(20);
      }
      times.push(performance.now() - startedAt);
    } finally {
      await subject.close();
    }
  }
  const trivet = percentile(
    times.sort((a, b) => a - b),
    0.5,
  );
  return [
    { name: 'a killed voter replaced (five nodes), median', unit: 'ms', better: 'lower', trivet, etcd: null },
  ];
}
