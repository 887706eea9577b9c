/** `trivet build RECIPE`: recipe to image, with progress, sizes and times. */
import path from 'node:path';
import { buildImage } from '../build.ts';
import { BuildError } from '../build-error.ts';
import { type ExtraFormat, extraFormats } from '../formats/names.ts';
import { Progress } from '../progress.ts';
import { formatReport } from '../report.ts';

export interface BuildCommandOptions {
  readonly recipe: string;
  readonly out: string | undefined;
  readonly lock: string | undefined;
  readonly offline: boolean;
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
  const progress = new Progress((line) => process.stderr.write(`${line}\n`), announce);
  const report = await buildImage({
    recipeFile: options.recipe,
    outputDirectory,
    lockFile: options.lock ?? null,
    offline: options.offline,
    formats: options.format === undefined ? null : parseFormats(options.format),
    progress,
  });
  const text = options.json ? `${JSON.stringify(report, null, 2)}\n` : formatReport(report, outputDirectory);
  process.stdout.write(text);
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
