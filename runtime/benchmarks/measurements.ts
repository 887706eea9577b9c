/** What is measured, in the order of the table. A measurement gives one or more rows, for whichever sides it knows. */
import { type Bench, inTurns, type Measurement, row } from './bench.ts';
import { measureFaults, measureReplacement } from './faults.ts';
import { measureDiskBytes, measureIdle, measureMemory } from './footprint.ts';
import { type Job, keyCount, valueBytes } from './load-jobs.ts';
import { measureSaturation } from './saturation.ts';
import { percentile } from './statistics.ts';
import { leaderOf } from './subject.ts';

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
  saturation: measureSaturation,
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
