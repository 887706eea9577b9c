/** The command `trivet` of this checkout, run as a user would. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ownCheckout = path.resolve(import.meta.dirname, '..');

/** @returns what it printed. Rejects with what it complained of. */
export function trivet(words: readonly string[]): Promise<string> {
  return run(words, 'pipe');
}

interface BuildReport {
  readonly version: string;
  readonly files: { readonly raw: string; readonly update: string; readonly lock: string };
  readonly sizesBytes: {
    readonly zst: number;
    readonly update: number;
    readonly root: number;
    readonly uki: number;
  };
  readonly kernelVersion: string;
  readonly seconds: number;
}

export interface BuildOptions {
  /** Default: out/NAME-OF-THE-RECIPE in the checkout. */
  readonly outputDirectory?: string;
  /** Of a recipe for several, which one; its image goes into a directory of this name. */
  readonly architecture?: string;
  /** Another checkout than this one; its recipe and its builder. */
  readonly checkout?: string;
  /** Say nothing unless it fails. */
  readonly quiet?: boolean;
}

/** @returns the path of the raw image. */
export async function buildRecipe(recipe: string, options: BuildOptions = {}): Promise<string> {
  const { outputDirectory, architecture, quiet = false, checkout = ownCheckout } = options;
  const more = [
    ...(outputDirectory === undefined ? [] : ['--out', outputDirectory]),
    ...(architecture === undefined ? [] : ['--arch', architecture]),
  ];
  await run(['build', recipe, ...more], quiet ? 'pipe' : 'inherit', checkout);
  const out = outputDirectory ?? path.join('out', path.basename(recipe).replace(/\.ya?ml$/, ''));
  const directory = path.resolve(checkout, out, architecture ?? '');
  return path.join(directory, readBuildReport(directory).files.raw);
}

/** What the build said about the image in this directory. */
export function readBuildReport(directory: string): BuildReport {
  return JSON.parse(readFileSync(path.join(directory, 'build.json'), 'utf8')) as BuildReport;
}

function run(words: readonly string[], output: 'pipe' | 'inherit', checkout = ownCheckout): Promise<string> {
  const child = spawn(process.execPath, ['image/main.ts', ...words], {
    cwd: checkout,
    stdio: ['ignore', output, output],
  });
  let said = '';
  let complained = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(said);
      else
        reject(
          new Error(`trivet ${words.join(' ')} ended with ${code}${complained && `: ${complained.trim()}`}`),
        );
    });
  });
}
