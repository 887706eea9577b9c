/**
 * `npm run powercut -- --cuts N [--seed S] [--jobs J] [--json]`: cuts the power of virtual machines under load, and checks
 * that what was acknowledged is there when they are back. Exit code 1 when something was lost.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { readNumber, readWords, runCommand } from '../long-command.ts';
import { buildSingleImage } from './image.ts';
import { describeCut, runCuts, runDirectory, summarize } from './run.ts';

const mostCuts = 100_000;
const mostJobs = 16;

function readOptions(words: readonly string[]) {
  const options = {
    cuts: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    jobs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  } as const;
  const values = readWords(words, options);
  return {
    cuts: readNumber('cuts', values.cuts, 1, mostCuts),
    seed: readNumber('seed', values.seed, 0, 2 ** 31),
    jobs: readNumber('jobs', values.jobs, 1, mostJobs),
    json: values.json,
  };
}

async function main(): Promise<void> {
  const { cuts, seed, jobs, json } = readOptions(process.argv.slice(2));
  const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  say(`seed ${seed}: building the image`);
  const image = await buildSingleImage();
  const directory = runDirectory(tmpdir(), seed);
  mkdirSync(directory, { recursive: true });
  const startedAt = performance.now();
  const result = await runCuts({
    ...{ image, directory, cuts, jobs, seed },
    onCut: (report, done) => say(describeCut(report, done, cuts)),
  });
  const seconds = (performance.now() - startedAt) / 1000;
  if (json) {
    const reports = result.reports.map(({ cut: { fate, unflushed, lost }, ...report }) => ({
      ...report,
      ...{ fate, unflushed, lost },
    }));
    process.stdout.write(
      `${JSON.stringify({ seed, seconds, reports, losses: result.losses, failures: result.failures }, null, 2)}\n`,
    );
  } else {
    process.stdout.write(summarize(result, seconds));
  }
  if (result.losses.length === 0 && result.failures.length === 0) {
    rmSync(directory, { recursive: true, force: true });
    return;
  }
  // When exactly the power went differs from run to run, so the disks are kept beside the seed.
  say(`seed ${seed}; files kept in ${directory}`);
  process.exitCode = 1;
}

runCommand('powercut', main);
