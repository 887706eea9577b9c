/** Sets up what a story plays on: the image, and machines that are gone when it ends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { Lab } from '../../lab/lab.ts';
import { getKey } from '../../lab/observe.ts';
import { waitUntil } from '../../lab/wait.ts';
import { type BootImage, openImage } from '../../machine/image.ts';
import type { Machine } from '../../machine/machine.ts';
import { buildRecipe, readBuildReport } from '../../trivet-command.ts';

export const recipe = 'recipes/cloud-x86_64.yaml';
const builtImage = 'out/cloud-x86_64';

/** Three machines that boot at once on two cores, translated, and with other work beside them. */
export const formingLimitSeconds = 600;

/** Boot of one machine until its agent is a member again. */
export const returnLimitSeconds = 300;

/** From a loss to what the cluster does about it. */
export const repairLimitSeconds = 120;

/** Options of a story that `npm test` leaves out: what it tells is also held without machines, or by a command of its own. */
export const longStory =
  process.env.TRIVET_LONG_STORIES === '1' ? {} : { skip: 'a story of npm run test:long' };

/** The image of the recipe; `npm test` has built it already. */
export async function stageImage(): Promise<BootImage> {
  const isBuilt = process.env.TRIVET_IMAGE_IS_BUILT === '1';
  return openImage(
    isBuilt
      ? path.join(builtImage, readBuildReport(builtImage).files.raw)
      : await buildRecipe(recipe, { quiet: true }),
  );
}

/** The same recipe with another secret. */
export async function strangersImage(t: Test): Promise<BootImage> {
  return openImage(await buildVariant(t, [[/^( +secret: ).*$/m, '$1the secret of somebody else']]));
}

/** Builds the recipe with some of its lines replaced; it goes with the test. @returns the image; others lie beside it. */
export async function buildVariant(
  t: Test,
  replacements: readonly (readonly [RegExp, string])[],
): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  let text = readFileSync(recipe, 'utf8');
  for (const [pattern, replacement] of replacements) {
    if (!pattern.test(text)) throw new Error(`${recipe} has no line ${pattern} to replace`);
    text = text.replace(pattern, replacement);
  }
  const variant = path.join(directory, 'variant.yaml');
  writeFileSync(variant, text);
  return buildRecipe(variant, { outputDirectory: path.join(directory, 'out'), quiet: true });
}

/** A machine of it is a cluster by itself. */
export const alone = [/^( +expect: ).*$/m, '$11'] as const;

/** A lab that is taken down with the test; when the test failed, what the machines said is shown. */
export function stageLab(t: Test, image: BootImage, { direct }: { readonly direct: boolean }): Lab {
  const lab = Lab.open({ image, direct });
  t.teardown(async () => {
    const passing = t.passing();
    if (!passing) t.comment(`${lab.report()}\nThe consoles are kept in ${lab.directory}`);
    await lab.close({ keepFiles: !passing });
  });
  return lab;
}

/** Waits until the machine's console says something that fits. */
export async function waitForConsole(machine: Machine, pattern: RegExp, limitSeconds: number): Promise<void> {
  await waitUntil(
    { what: `${machine.name} says ${pattern}`, limitSeconds, report: () => machine.report() },
    async () => (machine.console.lines.some((line) => pattern.test(line)) ? true : null),
  );
}

/** Reads a key, and again while the machine has no leader to ask. */
export async function readKey(machine: Machine, key: string): Promise<string | null> {
  const answer = await waitUntil(
    {
      what: `${machine.name} reads ${key}`,
      limitSeconds: repairLimitSeconds,
      report: () => machine.report(),
    },
    async () => ({ value: await getKey(machine, key) }),
  );
  return answer.value;
}
