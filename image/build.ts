/**
 * The build, top to bottom: recipe, plan, keys, packages and tools, the parts of the disk, and everything that is written
 * for people and devices. Nothing of the target is run, and nothing needs privileges.
 */
import path from 'node:path';
import type { ArchitectureName } from './architecture.ts';
import { openCache } from './cache/cache.ts';
import { sweepCache } from './cache/sweep.ts';
import { temporary } from './cache/temporary.ts';
import { version as builderVersion } from './checkout.ts';
import { type ExtraFormat, extraFormats } from './formats/names.ts';
import { makeParts } from './make-parts.ts';
import { provideInputs } from './packages/inputs.ts';
import { planImage } from './plan/plan.ts';
import type { Progress } from './progress.ts';
import { publishImage } from './publish.ts';
import { readRecipe } from './recipe/parse.ts';
import { resolveRecipe } from './recipe/resolve.ts';
import { requireOperators, warnAbout } from './recipe/warnings.ts';
import type { BuildReport } from './report.ts';
import { addOperator } from './signing/add-operator.ts';
import { chooseSigner, chosenKeyDirectory } from './signing/choose-signer.ts';
import type { Signer } from './signing/signer.ts';

export interface BuildOptions {
  readonly recipeFile: string;
  /** One of the recipe's; the only one when left out. */
  readonly architecture?: ArchitectureName;
  readonly outputDirectory: string;
  readonly lockFile: string | null;
  readonly offline: boolean;
  /** The directory of the keys to sign with, instead of the recipe's. */
  readonly keysDirectory: string | null;
  /** Signs in place of all keys. */
  readonly signer?: Signer | undefined;
  /** Beside the raw image; null for those that the recipe names. */
  readonly formats: readonly ExtraFormat[] | null;
  readonly progress: Progress;
}

const developmentKeysWarning =
  'signed with the development keys, which everybody has: trivet keys create makes your own, build --keys takes them';

const openMachineWarning =
  'data.encrypt protects a disk without its machine; the whole machine is only protected with Secure Boot on and keys of your own, since its TPM gives the key to any system that Secure Boot lets start';

/** Builds the image into `outputDirectory`, replacing what an earlier build left there. */
export async function buildImage(options: BuildOptions): Promise<BuildReport> {
  const { progress, recipeFile, lockFile, offline } = options;
  const cache = openCache();
  const resolved = await resolveRecipe(await readRecipe(recipeFile), recipeFile);
  for (const warning of warnAbout(resolved.recipe)) progress.warn(warning);
  const { keys, formats } = resolved.recipe;
  const choice = { option: options.keysDirectory, recipe: keys, recipeFile };
  const signer = options.signer ?? (await chooseSigner(choice));
  // Who builds an image of others again is not its operator.
  const parsed =
    options.signer === undefined
      ? addOperator(resolved, chosenKeyDirectory(choice), (text) => progress.warn(text))
      : resolved;
  requireOperators(parsed.recipe);
  if (signer.kind === 'development') {
    progress.warn(developmentKeysWarning);
    if (parsed.recipe.data.encrypt !== undefined) progress.warn(openMachineWarning);
  }
  const plan = planImage(parsed, builderVersion, options.architecture);
  await sweepCache(cache);
  const inputs = await progress.stage(
    'packages',
    () => provideInputs({ plan, cache, lockFile, offline }),
    (value) => `${value.lock.base.length + value.lock.extra.length} packages, ${value.fetched} fetched`,
  );
  await using work = await temporary(path.join(cache.directory, 'building', String(process.pid)));
  const { directory: workDirectory } = work;
  const parts = await makeParts({ plan, signer, inputs, cache, progress, workDirectory });
  return await publishImage({
    ...{ parsed, recipeFile, plan, signer, inputs, parts, cache, progress, workDirectory },
    outputDirectory: options.outputDirectory,
    formats: options.formats ?? extraFormats.filter((name) => formats.includes(name)),
  });
}
