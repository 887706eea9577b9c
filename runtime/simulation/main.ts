/**
 * `npm run simulate`: the real datastore in virtual clusters, seed after seed, with everything going wrong; and with
 * `--mutations` the known faults put back one by one, each of which must be found.
 */
import { parseArgs } from 'node:util';
import { addResult, describeFailure, describeSummary, emptySummary } from './report.ts';
import { runMutations } from './run-mutations.ts';
import type { SeedResult } from './run-seed.ts';
import { runSeeds } from './seed-pool.ts';

const help = `Usage: npm run simulate -- [options]

  --seeds N      how many runs, each with a seed of its own (default 200; for a mutation at most 60)
  --seed S       the first seed (default 1); the same seed gives the same run
  --steps N      steps in a run before the faults end (default 10000)
  --jobs N       runs at a time (default 2)
  --mutations    put the known faults back one by one, and show that each is found
  --only TEXT    with --mutations: only those whose name or number contains TEXT
  --json         the result as JSON
  --help         this text

Ends with 0 when all held, 1 when a rule was broken or a mutation was not found, 2 on wrong usage.`;

interface Settings {
  readonly seeds: number;
  readonly seed: number;
  readonly steps: number;
  readonly jobs: number;
  readonly mutations: boolean;
  readonly only: string;
  readonly json: boolean;
}

/** null: help was asked for. Throws with what is wrong. */
function readSettings(programArguments: readonly string[]): Settings | null {
  const number = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const options = { seeds: number, seed: number, steps: number, jobs: number, only: number };
  const { values } = parseArgs({
    args: [...programArguments],
    options: { ...options, mutations: flag, json: flag, help: flag },
  });
  if (values.help) return null;
  return {
    seeds: whole('seeds', values.seeds ?? (values.mutations ? '60' : '200')),
    seed: whole('seed', values.seed ?? '1'),
    steps: whole('steps', values.steps ?? '10000'),
    jobs: whole('jobs', values.jobs ?? '2'),
    mutations: values.mutations,
    only: values.only ?? '',
    json: values.json,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1e9)
    throw new Error(`--${name} takes a whole number from 1 on, not "${text}"`);
  return value;
}

async function simulate({ seeds, seed, steps, jobs, json }: Settings): Promise<number> {
  const summary = emptySummary();
  const failures: SeedResult[] = [];
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let toldAt = began;
  const onResult = (result: SeedResult): boolean => {
    addResult(summary, result);
    if (result.failure !== null) {
      failures.push(result);
      if (!json) console.log(`${describeFailure(result, steps)}\n`);
    }
    if (!json && performance.now() - toldAt > 10_000) {
      toldAt = performance.now();
      console.log(
        `${summary.seeds} of ${seeds} seeds, ${summary.steps.toLocaleString('en-US')} steps, ${seconds().toFixed(0)} s`,
      );
    }
    return true;
  };
  await runSeeds({ seeds: Array.from({ length: seeds }, (_, place) => seed + place), steps, jobs, onResult });
  if (json) console.log(JSON.stringify({ ...summary, realSeconds: seconds(), failures }, null, 2));
  else console.log(describeSummary(summary, seconds()));
  return failures.length === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  let settings: Settings | null;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    return 2;
  }
  if (settings === null) {
    console.log(help);
    return 0;
  }
  return settings.mutations ? runMutations(settings) : simulate(settings);
}

process.exitCode = await main();
