/** Reads a recipe. Everything that is wrong with it is said at once. */
import { readFile } from 'node:fs/promises';
import { parseCheckedYaml, YamlFaultsError } from '../../runtime/config/checked-yaml.ts';
import { BuildError } from '../build-error.ts';
import { type Recipe, recipeSchema } from './schema.ts';

export interface ParsedRecipe {
  readonly recipe: Recipe;
  /** As written, without defaults; what the device's configuration is made of. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** @throws BuildError with the code `recipe`. */
export async function readRecipe(file: string): Promise<ParsedRecipe> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('recipe', `The recipe ${file} cannot be read: ${reason}`, { cause });
  });
  return parseRecipe(text, file);
}

/** @param file the name for messages. */
export function parseRecipe(text: string, file: string): ParsedRecipe {
  try {
    const what = 'a recipe is a map of fields, such as "name: edge"';
    const { value, written } = parseCheckedYaml(text, file, recipeSchema, what);
    return { recipe: value, written };
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    const heading = error.count === 1 ? '' : `The recipe has ${error.count} faults:\n`;
    throw new BuildError('recipe', heading + error.message);
  }
}
