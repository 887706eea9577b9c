/**
 * `npm run faults -- --runs N [--seed S] [--size 3|5] [--json]`: runs of real agents under faults. Run number n has the
 * seed S + n - 1, and can be had alone with `--runs 1`. Exit code 1 when a run found something.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type RunReport, removeEvidence, runOnce } from './run.ts';
import { hideRun, isInside, runInside, sandboxWords } from './sandbox.ts';

class UsageError extends Error {}

const mostRuns = 100_000;

interface Options {
  readonly runs: number;
  readonly seed: number;
  /** null: three and five in turn. */
  readonly size: number | null;
  readonly json: boolean;
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`--${name} ${text}: it must be a whole number from ${least} to ${most}`);
}

function readOptions(args: string[]): Options {
  const options = {
    runs: { type: 'string', default: '5' },
    seed: { type: 'string' },
    size: { type: 'string' },
    json: { type: 'boolean', default: false },
  } as const;
  const parse = () => parseArgs({ args, options, strict: true }).values;
  let values: ReturnType<typeof parse>;
  try {
    values = parse();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return {
    runs: readNumber('runs', values.runs, 1, mostRuns),
    seed: values.seed === undefined ? randomInt(1_000_000) : readNumber('seed', values.seed, 0, 2 ** 31),
    size: values.size === undefined ? null : readNumber('size', values.size, 3, 7),
    json: values.json,
  };
}

function describe(report: RunReport, number: number, runs: number): string {
  const { seed, size, acknowledged, unknown, reads, events, ended, healSeconds, faults, problems } = report;
  const verdict = problems.length === 0 ? 'ok    ' : 'FAILED';
  const seen = `${acknowledged} writes, ${unknown} in doubt, ${reads} reads, ${events} watch events`;
  const restarts = ended === 0 ? '' : `, ${ended} ended by themselves`;
  const head = `${verdict} run ${number} of ${runs}, seed ${seed}, ${size} nodes: ${seen}, healed in ${healSeconds.toFixed(1)} s${restarts}`;
  return [
    head,
    `       ${faults.join('; ')}`,
    ...problems.slice(0, 20).map((each) => `       ! ${each}`),
  ].join('\n');
}

async function performRuns({ runs, seed, size, json }: Options): Promise<void> {
  hideRun();
  const startedAt = performance.now();
  const base = mkdtempSync(path.join(tmpdir(), 'trivet-faults-'));
  const reports: RunReport[] = [];
  for (let number = 1; number <= runs; number += 1) {
    const directory = path.join(base, `run-${number}`);
    const report = await runOnce(seed + number - 1, size ?? (number % 2 === 1 ? 3 : 5), directory);
    reports.push(report);
    if (report.problems.length === 0) removeEvidence(directory);
    if (!json) process.stdout.write(`${describe(report, number, runs)}\n`);
  }
  const failed = reports.filter((report) => report.problems.length > 0);
  if (failed.length === 0) removeEvidence(base);
  if (json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
  else process.stdout.write(summarize(reports, failed, base, (performance.now() - startedAt) / 1000));
  process.exitCode = failed.length === 0 ? 0 : 1;
}

function summarize(
  reports: readonly RunReport[],
  failed: readonly RunReport[],
  base: string,
  seconds: number,
): string {
  const sum = (of: (report: RunReport) => number): number =>
    reports.reduce((all, report) => all + of(report), 0);
  const lines = [
    `${reports.length} runs with ${sum((each) => each.faults.length)} faults in ${Math.round(seconds)} s:`,
    `${sum((each) => each.acknowledged)} writes acknowledged, ${sum((each) => each.unknown)} in doubt,`,
    `${sum((each) => each.reads)} reads, ${sum((each) => each.events)} watch events.`,
  ];
  const verdict =
    failed.length === 0
      ? 'No acknowledged write was lost, every history was linearizable, every watch whole.'
      : `FAILED: ${failed.length} runs, with the seeds ${failed.map((each) => each.seed).join(', ')}. Logs and histories: ${base}`;
  return `\n${lines.join(' ')}\n${verdict}\n`;
}

async function main(): Promise<void> {
  const programArguments = process.argv.slice(2);
  const options = readOptions(programArguments);
  if (isInside()) {
    await performRuns(options);
    return;
  }
  const words = sandboxWords();
  if (words === null) {
    throw new Error(
      'this needs network namespaces: run it as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1)',
    );
  }
  process.exitCode = await runInside(words, [import.meta.filename, ...programArguments]);
}

main().catch((error: unknown) => {
  process.stderr.write(`faults: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
