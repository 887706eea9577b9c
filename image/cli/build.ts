/** `trivet build RECIPE`: recipe to image, with progress, sizes and times. */
import path from 'node:path';
import type { ArchitectureName } from '../architecture.ts';
import { buildImage } from '../build.ts';
import { BuildError } from '../build-error.ts';
import { type ExtraFormat, extraFormats } from '../formats/names.ts';
import { Progress } from '../progress.ts';
import { readRecipe } from '../recipe/parse.ts';
import { formatReport } from '../report.ts';

export interface BuildCommandOptions {
  readonly recipe: string;
  readonly out: string | undefined;
  /** Only these of the recipe's architectures, separated by commas. */
  readonly arch: string | undefined;
  readonly lock: string | undefined;
  readonly offline: boolean;
  readonly keys: string | undefined;
  readonly format: string | undefined;
  readonly json: boolean;
}

export async function buildCommand(options: BuildCommandOptions): Promise<void> {
  if (!/\.ya?ml$/.test(options.recipe)) {
    throw new BuildError('usage', `"${options.recipe}" is no recipe: a recipe's name ends in .yaml`);
  }
  const name = path.basename(options.recipe).replace(/\.ya?ml$/, '');
  const outputDirectory = options.out ?? path.join('out', name);
  // With --json the result alone goes to standard output; what happens meanwhile is for a person either way.
  const announce = process.stderr.isTTY ? (line: string) => process.stderr.write(`${line}\r`) : undefined;
  const formats = options.format === undefined ? null : parseFormats(options.format);
  const architectures = await chooseArchitectures(options);
  for (const architecture of architectures.chosen) {
    // An image of its own for each, side by side.
    const directory =
      architectures.all.length > 1 ? path.join(outputDirectory, architecture) : outputDirectory;
    if (architectures.chosen.length > 1) process.stderr.write(`${architecture}\n`);
    const progress = new Progress((line) => process.stderr.write(`${line}\n`), announce);
    const report = await buildImage({
      recipeFile: options.recipe,
      architecture,
      outputDirectory: directory,
      lockFile: options.lock ?? null,
      offline: options.offline,
      keysDirectory: options.keys ?? null,
      formats,
      progress,
    });
    process.stdout.write(
      options.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report, directory),
    );
  }
}

async function chooseArchitectures({ recipe, arch, lock }: BuildCommandOptions): Promise<{
  readonly all: readonly ArchitectureName[];
  readonly chosen: readonly ArchitectureName[];
}> {
  const all = (await readRecipe(recipe)).recipe.architecture;
  const wanted = arch === undefined ? all : arch.split(',');
  const unknown = wanted.find((name) => !all.some((own) => own === name));
  if (unknown !== undefined) {
    throw new BuildError('usage', `--arch ${unknown}: the recipe ${recipe} is for ${all.join(' and ')}.`);
  }
  const chosen = all.filter((name) => wanted.includes(name));
  if (lock !== undefined && chosen.length > 1) {
    throw new BuildError('usage', `--lock is for one image: choose it by --arch ${all.join(' or --arch ')}.`);
  }
  return { all, chosen };
}

/** `raw` may be named and changes nothing. */
function parseFormats(text: string): ExtraFormat[] {
  const names = text.split(',').map((name) => name.trim());
  const known: readonly string[] = ['raw', ...extraFormats];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BuildError(
      'usage',
      `--format ${text}: there is no format "${unknown}"; name one or more of these, with commas: ${known.join(', ')}`,
    );
  }
  return extraFormats.filter((format) => names.includes(format));
}
