/**
 * `npm run test:rollback`: every recipe, every way in which a new version can fail. Prints the table; exit code 1 when a
 * cell failed.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chooseFrom, readNumber, readWords, recipeNames, runCommand } from '../long-command.ts';
import { runCell } from './cell.ts';
import { failureNames, failures, installFailures } from './failures.ts';
import { runPowerCuts } from './power-cuts.ts';
import { buildSubjects, installUpdate, type Subject } from './subject.ts';
import { type CellOutcome, formatTable } from './table.ts';

const help = `npm run test:rollback -- [options]

  --recipes NAMES    of recipes/, separated by commas (default: all)
  --failures NAMES   of: ${failureNames.join(', ')} (default: all)
  --jobs N           machines at a time (default: 3; they mostly wait)
  --cuts N           power cuts for each image (default: 6)
  --seed N           of the places where the power goes (default: by chance)
  --json             the table as JSON
`;

interface Options {
  readonly recipes: readonly string[];
  readonly failures: readonly string[];
  readonly jobs: number;
  readonly cuts: number;
  readonly seed: number;
  readonly json: boolean;
}

function readOptions(words: readonly string[]): Options | null {
  const options = {
    recipes: { type: 'string' },
    failures: { type: 'string' },
    jobs: { type: 'string', default: '3' },
    cuts: { type: 'string', default: '6' },
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  const values = readWords(words, options);
  if (values.help) return null;
  return {
    recipes: chooseFrom('recipes', values.recipes, recipeNames()),
    failures: chooseFrom('failures', values.failures, failureNames),
    jobs: readNumber('jobs', values.jobs, 1, 16),
    cuts: readNumber('cuts', values.cuts, 1, 1000),
    seed: readNumber('seed', values.seed, 0, 2 ** 31),
    json: values.json,
  };
}

interface Task {
  readonly subject: Subject;
  readonly failure: string;
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const directory = path.resolve('out/rollback');
  mkdirSync(directory, { recursive: true });
  say(`seed ${options.seed}; disks and consoles in ${directory}`);
  const outcomes: CellOutcome[] = [];
  for (const recipe of options.recipes) {
    say(`${recipe}: building both versions`);
    const subjects = await buildSubjects(`recipes/${recipe}.yaml`, directory);
    for (const subject of subjects) outcomes.push(...(await runSubject(subject, options, say)));
  }
  const titles = new Map([...failures, ...installFailures].map(({ name, title }) => [name, title]));
  process.stdout.write(
    options.json ? `${JSON.stringify(outcomes, null, 2)}\n` : `\n${formatTable(outcomes, titles)}`,
  );
  if (outcomes.some(({ ok }) => !ok)) process.exitCode = 1;
}

async function runSubject(
  subject: Subject,
  options: Options,
  say: (line: string) => void,
): Promise<readonly CellOutcome[]> {
  say(`${subject.first.name}: version 9 is installed`);
  const installed = await installUpdate(subject);
  const tasks: Task[] = options.failures.map((failure) => ({ subject, failure }));
  const outcomes: CellOutcome[] = [];
  const work = async (): Promise<void> => {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const outcome = await runTask(task, installed, options);
      outcomes.push(outcome);
      const how = outcome.ok ? 'ok' : 'FAILED';
      say(
        `${how.padEnd(7)} ${subject.first.name}, ${task.failure}: ${Math.round(outcome.seconds)} s ${outcome.remark}`,
      );
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return outcomes;
}

async function runTask(
  { subject, failure }: Task,
  installed: string,
  options: Options,
): Promise<CellOutcome> {
  const startedAt = performance.now();
  try {
    if (failure === 'power-cut' || failure === 'power-cut-trying') {
      const occasion = failure === 'power-cut' ? 'installing' : 'trying';
      const { seconds, ended } = await runPowerCuts(subject, occasion, installed, options);
      const remark = `(${ended.first} started the old version, ${ended.second} the new one)`;
      return { subject: subject.first.name, failure, ok: true, seconds, remark };
    }
    const { seconds, starts } = await runCell(subject, failure, installed);
    return { subject: subject.first.name, failure, ok: true, seconds, remark: `(${starts} starts)` };
  } catch (error) {
    const remark = error instanceof Error ? error.message : String(error);
    const seconds = (performance.now() - startedAt) / 1000;
    return { subject: subject.first.name, failure, ok: false, seconds, remark };
  }
}

runCommand('test:rollback', main);
