/** The sum of many runs, and what to say of one that failed, for people. Pure. */
import type { SeedResult } from './run-seed.ts';

export interface Summary {
  seeds: number;
  failedSeeds: number[];
  steps: number;
  virtualMilliseconds: number;
  nodes: number;
  leaderChanges: number;
  snapshots: number;
  membershipChanges: number;
  spares: number;
  newIdentities: number;
  entries: number;
  acknowledged: number;
  unknown: number;
  leases: number;
  watchRestarts: number;
  checks: number;
  faults: Record<string, number>;
  /** Of all runs, whatever their order: the same seeds give the same one. */
  traceHash: string;
}

export function emptySummary(): Summary {
  return {
    ...{ seeds: 0, failedSeeds: [], steps: 0, virtualMilliseconds: 0, nodes: 0, leaderChanges: 0 },
    ...{ snapshots: 0, membershipChanges: 0, spares: 0, newIdentities: 0, entries: 0, acknowledged: 0 },
    ...{ unknown: 0, leases: 0, watchRestarts: 0, checks: 0, faults: {}, traceHash: '00000000' },
  };
}

export function addResult(summary: Summary, result: SeedResult): void {
  summary.seeds += 1;
  if (result.failure !== null) summary.failedSeeds.push(result.seed);
  summary.steps += result.steps;
  summary.virtualMilliseconds += result.virtualMilliseconds;
  summary.nodes += result.nodes;
  summary.leaderChanges += result.leaderChanges;
  summary.snapshots += result.snapshots;
  summary.membershipChanges += result.cluster.membershipChanges;
  summary.spares += result.cluster.spares;
  summary.newIdentities += result.cluster.newIdentities;
  summary.entries += result.entries;
  summary.acknowledged += result.acknowledged;
  summary.unknown += result.unknown;
  summary.leases += result.leases;
  summary.watchRestarts += result.watchRestarts;
  summary.checks += result.checks;
  summary.traceHash = combine(summary.traceHash, result.traceHash);
  for (const [name, count] of Object.entries(result.faults))
    summary.faults[name] = (summary.faults[name] ?? 0) + count;
}

export function describeSummary(summary: Summary, realSeconds: number): string {
  const hours = (summary.virtualMilliseconds / 3_600_000).toFixed(1);
  const perSecond = Math.round(summary.steps / Math.max(realSeconds, 0.001));
  const faults = Object.entries(summary.faults).sort(([, one], [, other]) => other - one);
  const rows: (readonly [string, string])[] = [
    ['seeds', `${count(summary.seeds)}, failed: ${count(summary.failedSeeds.length)}`],
    ['steps', `${count(summary.steps)} in ${realSeconds.toFixed(0)} s (${count(perSecond)} a second)`],
    ['virtual time', `${hours} h of clusters, ${count(summary.nodes)} machines`],
    ['leaders elected', count(summary.leaderChanges)],
    [
      'membership changes',
      `${count(summary.membershipChanges)}, spares: ${count(summary.spares)}, machines replaced: ${count(summary.newIdentities)}`,
    ],
    ['snapshots installed', count(summary.snapshots)],
    ['log entries committed', count(summary.entries)],
    [
      'operations',
      `${count(summary.acknowledged)} acknowledged, ${count(summary.unknown)} of unknown outcome`,
    ],
    ['watch connections', count(summary.watchRestarts)],
    ['leases', count(summary.leases)],
    ['checks', count(summary.checks)],
    ['trace hash', summary.traceHash],
    ...faults.map(([name, number]) => [`fault: ${name}`, count(number)] as const),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** What broke, how to see it again, and what happened before. */
export function describeFailure({ seed, failure, steps }: SeedResult, stepsAsked: number): string {
  if (failure === null) return '';
  return [
    `FAILED  seed ${seed} after ${count(steps)} steps: ${failure.message}`,
    '',
    `  run it again: npm run simulate -- --seed ${seed} --seeds 1 --steps ${stepsAsked}`,
    '  its last events (virtual milliseconds, what happened):',
    ...failure.lastEvents.map((event) => `    ${event}`),
  ].join('\n');
}

function combine(one: string, other: string): string {
  const both = (Number.parseInt(one, 16) ^ Number.parseInt(other || '0', 16)) >>> 0;
  return both.toString(16).padStart(8, '0');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
