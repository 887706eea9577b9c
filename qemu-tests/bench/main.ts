/** `npm run bench:image`: the numbers of the README, measured: sizes, times of builds, times from power-on, memory. */
import os from 'node:os';
import { readNumber, readWords, recipeNames, runCommand } from '../long-command.ts';
import { detectAccelerator } from '../machine/accelerator.ts';
import { buildImages } from '../recipe-images.ts';
import { measureBuilds, measureSizes } from './builds.ts';
import { measureForming } from './forming.ts';
import { measurePowerOn } from './power-on.ts';
import { type Forming, formatResults, type Results } from './results.ts';

const recipe = 'recipes/cloud-x86_64.yaml';

const help = `npm run bench:image -- [options]

  --runs N   how often a machine and a cluster is started (default: 3)
  --quick    one run, sizes of ${recipe} alone, no cluster
  --json     as JSON
`;

interface Options {
  readonly runs: number;
  readonly quick: boolean;
  readonly json: boolean;
}

function readOptions(words: readonly string[]): Options | null {
  const options = {
    runs: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  const values = readWords(words, options);
  if (values.help) return null;
  const runs = readNumber('runs', values.runs, 1, 100);
  return { runs: values.quick ? 1 : runs, quick: values.quick, json: values.json };
}

async function measure({ runs, quick }: Options, say: (line: string) => void): Promise<Results> {
  const loadBefore = os.loadavg()[0]!;
  const sizes = await measureSizes(
    quick ? [recipe] : recipeNames().map((name) => `recipes/${name}.yaml`),
    say,
  );
  const builds = await measureBuilds(recipe, say);
  const subject = (await buildImages(recipe))[0]!;
  const powerOn = await measurePowerOn(subject, runs, say);
  const formings: Forming[] = [];
  for (let run = 1; !quick && run <= runs; run += 1) {
    formings.push(await measureForming(subject.image));
    say(`three machines, run ${run}: ${formings.at(-1)!.seconds.toFixed(1)} s`);
  }
  return {
    ...{ machine: `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}`, loadBefore, recipe },
    ...{ accelerator: await detectAccelerator(), sizes, builds, powerOn, formings },
  };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  const results = await measure(options, (line) => void process.stderr.write(`${line}\n`));
  process.stdout.write(
    options.json ? `${JSON.stringify(results, null, 2)}\n` : `\n${formatResults(results)}`,
  );
}

runCommand('bench:image', main);
