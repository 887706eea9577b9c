/** `npm run simulate -- --mutations`: each known fault put back, and whether it is found. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { impossibleFaults, type Mutation, mutations } from './mutations.ts';
import type { SeedResult } from './run-seed.ts';
import { runSeeds } from './seed-pool.ts';

export interface MutationSettings {
  readonly seed: number;
  /** Tried at most, for each. */
  readonly seeds: number;
  readonly steps: number;
  readonly jobs: number;
  readonly only: string;
  readonly json: boolean;
}

interface Outcome {
  readonly fault: number;
  readonly name: string;
  readonly foundBy: string;
  readonly seed: number | null;
  readonly steps: number;
  readonly seconds: number;
  readonly found: boolean;
}

const checkout = path.resolve(import.meta.dirname, '../..');
const hook = path.join(import.meta.dirname, 'mutation-hook.ts');
const mostTestMilliseconds = 120_000;

export async function runMutations(settings: MutationSettings): Promise<number> {
  const { only, json } = settings;
  const chosen = mutations.filter(
    ({ fault, name }) => only === '' || `${fault}` === only || name.includes(only),
  );
  const stale = chosen.flatMap(findStalePatches);
  if (stale.length > 0 || chosen.length === 0) {
    console.error(stale.length > 0 ? stale.join('\n') : `no mutation is named "${only}"`);
    return stale.length > 0 ? 1 : 2;
  }
  if (!json) console.log(row('fault', 'what was put back', 'found by', 'seed', 'steps', 'seconds'));
  const outcomes: Outcome[] = [];
  for (const mutation of chosen) {
    const outcome = await tryMutation(mutation, settings);
    outcomes.push(outcome);
    if (!json) console.log(describe(outcome));
  }
  if (only === '' && !json)
    for (const { fault, name, reason } of impossibleFaults)
      console.log(row(`${fault}`, name, `the design cannot have it: ${reason}`));
  const missed = outcomes.filter(({ found }) => !found);
  if (json) console.log(JSON.stringify({ outcomes, impossible: impossibleFaults }, null, 2));
  else console.log(`\n${outcomes.length - missed.length} of ${outcomes.length} mutations found`);
  return missed.length === 0 ? 0 : 1;
}

/** A patch that no longer fits the source would test nothing. */
function findStalePatches({ name, patches }: Mutation): string[] {
  return patches.flatMap(({ file, find }) => {
    const count = readFileSync(path.join(checkout, file), 'utf8').split(find).length - 1;
    if (count === 1) return [];
    return [
      `the mutation "${name}" does not fit ${file} any more: its text occurs ${count} times; change mutations.ts`,
    ];
  });
}

async function tryMutation(mutation: Mutation, settings: MutationSettings): Promise<Outcome> {
  const { fault, name } = mutation;
  const began = performance.now();
  const found = await find(mutation, settings);
  return { fault, name, ...found, seconds: (performance.now() - began) / 1000 };
}

async function find(mutation: Mutation, settings: MutationSettings): Promise<Finding> {
  const simulated = mutation.simulation ? await trySimulation(mutation, settings) : null;
  if (mutation.test === null || simulated?.found) return simulated ?? notFound(0);
  return { ...(await tryTest(mutation, mutation.test)), steps: simulated?.steps ?? 0 };
}

type Finding = Omit<Outcome, 'fault' | 'name' | 'seconds'>;

async function trySimulation(
  mutation: Mutation,
  { seed, seeds, steps, jobs }: MutationSettings,
): Promise<Finding> {
  let total = 0;
  let failed: SeedResult | null = null;
  await runSeeds({
    ...{ seeds: Array.from({ length: seeds }, (_, place) => seed + place), steps, jobs },
    nodeArguments: ['--import', hook],
    environment: { TRIVET_MUTATION: JSON.stringify(mutation.patches) },
    onResult: (result) => {
      total += result.steps;
      if (result.failure !== null) failed ??= result;
      return failed === null;
    },
  });
  const first = failed as SeedResult | null;
  if (first === null) return notFound(total);
  return { found: true, foundBy: `simulation: ${first.failure?.rule}`, seed: first.seed, steps: total };
}

function notFound(steps: number): Finding {
  return { found: false, foundBy: 'NOT FOUND', seed: null, steps };
}

/** Found when the test fails with the fault in place. */
function tryTest(mutation: Mutation, file: string): Promise<Finding> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', hook, path.join(checkout, file)], {
      env: { ...process.env, TRIVET_MUTATION: JSON.stringify(mutation.patches) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text;
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), mostTestMilliseconds);
    child.on('close', (code) => {
      clearTimeout(timer);
      const name = /^not ok \d+ - (.*?)(?: # time.*)?$/m.exec(output)?.[1];
      const found = code !== 0;
      const foundBy = found ? `${file}: ${name ?? 'it does not end'}` : `NOT FOUND by ${file}`;
      resolve({ found, foundBy, seed: null, steps: 0 });
    });
  });
}

function describe({ fault, name, foundBy, seed, steps, seconds }: Outcome): string {
  const number = fault === 0 ? '+' : `${fault}`;
  return row(
    number,
    name,
    foundBy,
    seed === null ? '-' : `${seed}`,
    steps === 0 ? '-' : `${steps}`,
    seconds.toFixed(1),
  );
}

function row(fault: string, name: string, foundBy: string, seed = '-', steps = '-', seconds = '-'): string {
  return `${fault.padStart(5)}  ${name.padEnd(84)}  ${seed.padStart(5)}  ${steps.padStart(8)}  ${seconds.padStart(7)}  ${foundBy}`;
}
