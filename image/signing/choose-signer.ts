/** Which keys a build takes: those of the command line, those of the recipe, or the development keys. */
import path from 'node:path';
import { developmentKeys } from './development-keys.ts';
import { readKeyDirectory } from './key-directory.ts';
import { type Signer, signerOf } from './signer.ts';

export interface KeyChoice {
  /** `--keys`, relative to the working directory. */
  readonly option: string | null;
  /** The recipe's `keys`, relative to the recipe. */
  readonly recipe: string | undefined;
  readonly recipeFile: string;
}

/** Null when nobody names one. */
export function chosenKeyDirectory({ option, recipe, recipeFile }: KeyChoice): string | null {
  return option ?? (recipe === undefined ? null : path.resolve(path.dirname(recipeFile), recipe));
}

/** @throws BuildError `keys` when they cannot be read. */
export async function chooseSigner(choice: KeyChoice): Promise<Signer> {
  const directory = chosenKeyDirectory(choice);
  return signerOf(
    directory === null ? await developmentKeys() : await readKeyDirectory(directory, new Date()),
  );
}
