/** Runs seeds in child processes, so many at a time, and hands over the results as they come. */
import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import type { SeedResult } from './run-seed.ts';
import type { SeedOrder } from './seed-process.ts';

export interface PoolOptions {
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly jobs: number;
  /** For Node itself: how a mutation is put in. */
  readonly nodeArguments?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Stops when it returns false. */
  readonly onResult: (result: SeedResult) => boolean;
}

/** A seed that takes this long in real time stands still: a loop that never gives the thread back. */
const mostMilliseconds = 120_000;
const program = path.join(import.meta.dirname, 'seed-process.ts');

/** Resolves when all seeds are done, or it was told to stop. */
export async function runSeeds(options: PoolOptions): Promise<void> {
  const seeds = [...options.seeds];
  let stopped = false;
  const work = async (): Promise<void> => {
    let worker: Worker | null = null;
    for (let seed = seeds.shift(); seed !== undefined && !stopped; seed = seeds.shift()) {
      worker ??= new Worker(options);
      const result = await worker.run({ seed, steps: options.steps });
      if (!options.onResult(result)) stopped = true;
      if (worker.ended) worker = null;
    }
    worker?.end();
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, seeds.length) }, work));
}

class Worker {
  ended = false;
  readonly #child: ChildProcess;

  constructor({ nodeArguments = [], environment = {} }: PoolOptions) {
    this.#child = fork(program, {
      execArgv: [...nodeArguments],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
  }

  run(order: SeedOrder): Promise<SeedResult> {
    return new Promise((resolve) => {
      let errors = '';
      const onErrors = (text: Buffer): void => {
        errors = (errors + text).slice(-4_000);
      };
      const finish = (result: SeedResult): void => {
        clearTimeout(timer);
        this.#child.removeAllListeners();
        this.#child.stderr?.removeAllListeners();
        resolve(result);
      };
      const broken = (rule: string, message: string): void => {
        this.end();
        finish(failedResult(order, rule, message));
      };
      const timer = setTimeout(
        () =>
          broken(
            'no standstill',
            `the run does not give the thread back within ${mostMilliseconds / 1000} s`,
          ),
        mostMilliseconds,
      );
      this.#child.stderr?.on('data', onErrors);
      this.#child.once('message', (result) => finish(result as SeedResult));
      this.#child.once('error', (error) => broken('no crash', error.message));
      this.#child.once('exit', (code, signal) =>
        broken('no crash', `the process ended with ${code ?? signal}: ${errors}`),
      );
      this.#child.send(order);
    });
  }

  end(): void {
    this.ended = true;
    this.#child.removeAllListeners();
    this.#child.kill('SIGKILL');
  }
}

/** What is known of a run whose process did not live to tell. */
function failedResult({ seed }: SeedOrder, rule: string, message: string): SeedResult {
  const nothing = { steps: 0, virtualMilliseconds: 0, nodes: 0, leaderChanges: 0, snapshots: 0, entries: 0 };
  const noCounts = { acknowledged: 0, unknown: 0, leases: 0, watchRestarts: 0, checks: 0 };
  const cluster = { membershipChanges: 0, spares: 0, transfers: 0, newIdentities: 0 };
  const failure = { rule, message, lastEvents: [] };
  return { seed, ...nothing, ...noCounts, cluster, faults: {}, traceHash: '', failure };
}
