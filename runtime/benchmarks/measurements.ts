/** What is measured, in the order of the table. A measurement gives one or more rows, for whichever sides it knows. */
import { measureFaults, measureReplacement } from './faults.ts';
import { measureDiskBytes, measureIdle, measureMemory } from './footprint.ts';
import type { LoadClient } from './load.ts';
import { type Job, keyCount, valueBytes } from './load-jobs.ts';
import { median, percentile } from './statistics.ts';
import { leaderOf, type Subject } from './subject.ts';

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Which way is better. */
  readonly better: 'higher' | 'lower';
  readonly trivet: number | null;
  readonly etcd: number | null;
}

export interface Bench {
  readonly subjects: readonly Subject[];
  readonly client: LoadClient;
  readonly directory: string;
  readonly rounds: number;
  readonly roundMilliseconds: number;
  readonly faults: number;
  readonly idleMilliseconds: number;
  readonly say: (line: string) => void;
}

export type Measurement = (bench: Bench) => Promise<Row[]>;

type Operation = Extract<Job, { kind: 'load' }>['operation'];

function throughput(title: string, operation: Operation, inFlight: number): Measurement {
  return async (bench) => {
    const { client, roundMilliseconds } = bench;
    const measured = await inTurns(bench, async (subject) => {
      const { endpoint } = await leaderOf(subject);
      const job = { kind: 'load', operation, endpoint, inFlight, milliseconds: roundMilliseconds } as const;
      const { latencies, elapsedMilliseconds } = await client.run(job);
      return {
        perSecond: (latencies.length / elapsedMilliseconds) * 1_000,
        median: percentile(latencies, 0.5),
        p99: percentile(latencies, 0.99),
      };
    });
    return [
      row(title, 'per s', 'higher', measured, 'perSecond'),
      row(`${title}, median`, 'ms', 'lower', measured, 'median'),
      row(`${title}, p99`, 'ms', 'lower', measured, 'p99'),
    ];
  };
}

function fanOut(watchers: number): Measurement {
  return async (bench) => {
    const measured = await inTurns(bench, async (subject) => {
      const endpoints = subject.members.map((member) => member.endpoint);
      const { latencies } = await bench.client.run({ kind: 'watch', endpoints, watchers, puts: 50 });
      return { median: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) };
    });
    const title = `write seen by ${watchers} watchers`;
    return [
      row(`${title}, median`, 'ms', 'lower', measured, 'median'),
      row(`${title}, p99`, 'ms', 'lower', measured, 'p99'),
    ];
  };
}

export const measurements: Readonly<Record<string, Measurement>> = {
  memory: measureMemory,
  idle: measureIdle,
  'put-1': throughput('put, 1 in flight', 'put', 1),
  'put-16': throughput('put, 16 in flight', 'put', 16),
  'put-256': throughput('put, 256 in flight', 'put', 256),
  get: throughput('linearizable get, 16 in flight', 'get', 16),
  'get-serializable': throughput('serializable get, 16 in flight', 'getSerializable', 16),
  range: throughput('range of 1,000, 4 in flight', 'range', 4),
  'watch-100': fanOut(100),
  'watch-1000': fanOut(1_000),
  disk: measureDiskBytes,
  kills: (bench) => measureFaults(bench, 'SIGKILL'),
  stops: (bench) => measureFaults(bench, 'SIGTERM'),
  replacement: measureReplacement,
};

/** Every measurement finds the same keys. */
export async function fillAll({ subjects, client }: Bench): Promise<void> {
  for (const subject of subjects) {
    const { endpoint } = await leaderOf(subject);
    await client.run({ kind: 'fill', endpoint, keys: keyCount, valueBytes });
  }
}

type Figures<K extends string> = Readonly<Record<K, number>>;

/** Each side's rounds, one side after the other within each round; the sides change places from round to round. */
export async function inTurns<K extends string>(
  bench: Bench,
  measure: (subject: Subject) => Promise<Figures<K>>,
): Promise<ReadonlyMap<string, readonly Figures<K>[]>> {
  const results = new Map<string, Figures<K>[]>(bench.subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < bench.rounds; round += 1) {
    const order = round % 2 === 0 ? bench.subjects : [...bench.subjects].reverse();
    for (const subject of order) results.get(subject.name)!.push(await measure(subject));
  }
  return results;
}

/** The median of the rounds. */
export function row<K extends string>(
  name: string,
  unit: string,
  better: Row['better'],
  measured: ReadonlyMap<string, readonly Figures<K>[]>,
  figure: K,
): Row {
  const of = (side: string): number | null => {
    const rounds = measured.get(side);
    return rounds === undefined || rounds.length === 0 ? null : median(rounds.map((round) => round[figure]));
  };
  return { name, unit, better, trivet: of('trivet'), etcd: of('etcd') };
}
