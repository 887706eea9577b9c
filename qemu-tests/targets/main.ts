/**
 * `npm run test:targets`: every recipe is built and started by its own boot chain until its agent is healthy. Prints seconds
 * from power-on; exit code 1 when one did not get there.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chooseFrom, readWords, recipeNames, runCommand } from '../long-command.ts';
import { buildImages, type RecipeImage } from '../recipe-images.ts';
import { startAlone } from './alone.ts';
import { formCluster } from './cluster.ts';
import { boardDifferences, boardRecipe, startBoard } from './raspi3b.ts';
import { cardRecipe, startFromCard } from './sd-card.ts';
import { formatTable, type Outcome } from './table.ts';
import { joinWifi, wifiRecipe } from './wifi.ts';

/** The one that has to form a cluster: the others differ from the scenarios' machines by less. */
const clusterRecipe = 'recipes/cloud-arm64.yaml';

const wayNames = ['alone', 'cluster', 'board', 'wifi', 'card'] as const;
type WayName = (typeof wayNames)[number];

const help = `npm run test:targets -- [options]

  --recipes NAMES   of recipes/, separated by commas (default: all)
  --ways NAMES      of: ${wayNames.join(', ')} (default: all that a recipe has)
                    alone: one machine, by firmware or u-boot; cluster: three of ${path.basename(clusterRecipe, '.yaml')};
                    board: QEMU's raspi3b; wifi: a network in the air between two emulated radios; card: an SD card that
                    trivet flash wrote
  --json            the table as JSON
`;

interface Options {
  readonly recipes: readonly string[];
  readonly ways: readonly string[];
  readonly json: boolean;
}

function readOptions(words: readonly string[]): Options | null {
  const options = {
    recipes: { type: 'string' },
    ways: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
  const values = readWords(words, options);
  if (values.help) return null;
  return {
    recipes: chooseFrom('recipes', values.recipes, recipeNames()),
    ways: chooseFrom('ways', values.ways, wayNames),
    json: values.json,
  };
}

interface Start {
  readonly way: WayName;
  readonly title: string;
  /** @returns the seconds, and what else there is to say. */
  readonly run: () => Promise<{ readonly seconds: number; readonly remark: string }>;
}

/** What a subject is put through. */
function startsOf(subject: RecipeImage, directory: string): readonly Start[] {
  const plain = (seconds: number) => ({ seconds, remark: '' });
  const chain = subject.image.bootChain === 'u-boot' ? 'u-boot on QEMU’s virt' : 'firmware, systemd-boot';
  const starts: Start[] = [
    { way: 'alone', title: chain, run: async () => plain(await startAlone(subject, directory)) },
  ];
  if (subject.recipe === clusterRecipe)
    starts.push({
      ...{ way: 'cluster', title: `three machines to high availability, ${chain}` },
      run: async () => plain(await formCluster(subject)),
    });
  if (subject.recipe === boardRecipe)
    starts.push({ way: 'board', title: 'SD card of QEMU’s raspi3b', run: () => runBoard(directory) });
  if (subject.recipe === wifiRecipe)
    starts.push({
      ...{ way: 'wifi', title: 'joins the recipe’s Wi-Fi, between emulated radios' },
      run: async () => plain(await joinWifi(path.join(directory, 'wifi'))),
    });
  if (subject.recipe === cardRecipe)
    starts.push({
      ...{ way: 'card', title: 'SD card written by trivet flash, kernel given by QEMU' },
      run: async () => plain(await startFromCard(subject, path.join(directory, 'card'))),
    });
  return starts;
}

async function runBoard(directory: string): Promise<{ seconds: number; remark: string }> {
  const { stages } = await startBoard(path.join(directory, 'raspi3b'));
  const times = stages.map(({ reached, seconds }) => `${reached} ${Math.round(seconds)} s`);
  return { seconds: stages.at(-1)!.seconds, remark: `${times.join(', ')}; ${boardDifferences}` };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const outcomes: Outcome[] = [];
  for (const recipe of options.recipes) {
    say(`${recipe}: building`);
    outcomes.push(...(await runRecipe(recipe, options.ways, say)));
  }
  process.stdout.write(
    options.json ? `${JSON.stringify(outcomes, null, 2)}\n` : `\n${formatTable(outcomes)}`,
  );
  if (outcomes.some(({ seconds }) => seconds === null)) process.exitCode = 1;
}

async function runRecipe(
  recipe: string,
  ways: readonly string[],
  say: (line: string) => void,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let images: readonly RecipeImage[];
  try {
    images = await buildImages(`recipes/${recipe}.yaml`);
  } catch (error) {
    outcomes.push({ subject: recipe, way: 'build', seconds: null, remark: messageOf(error) });
    say(`${recipe}: ${messageOf(error)}`);
    return outcomes;
  }
  for (const subject of images) {
    // Sockets lie there too, whose paths must be short.
    const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
    const starts = startsOf(subject, directory).filter(({ way }) => ways.includes(way));
    for (const start of starts) {
      const outcome = await runStart(subject, start);
      outcomes.push(outcome);
      say(outcome.seconds === null ? `${subject.name}: ${outcome.remark}` : formatTable([outcome]).trimEnd());
    }
    keepConsoles(directory);
    rmSync(directory, { recursive: true, force: true });
  }
  return outcomes;
}

/** For whoever wants to know what a machine said. */
function keepConsoles(directory: string): void {
  const kept = path.resolve('out/targets');
  mkdirSync(kept, { recursive: true });
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.console'))
      cpSync(path.join(directory, name), path.join(kept, name.replaceAll('/', '-')));
}

async function runStart(subject: RecipeImage, { title, run }: Start): Promise<Outcome> {
  try {
    return { subject: subject.name, way: title, ...(await run()) };
  } catch (error) {
    return { subject: subject.name, way: title, seconds: null, remark: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

runCommand('test:targets', main);
