/** Reads a recipe, and those that it extends. Everything that is wrong with one is said at once. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { parseCheckedYaml } from '../../runtime/config/checked-yaml.ts';
import { YamlFaultsError } from '../../runtime/config/yaml-faults.ts';
import { BuildError } from '../build-error.ts';
import { relocate } from './relocate.ts';
import { type Recipe, recipeSchema } from './schema.ts';

export interface ParsedRecipe {
  readonly recipe: Recipe;
  /** As written, without defaults, over what the recipe extends; what the device's configuration is made of. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** @throws BuildError with the code `recipe`. */
export async function readRecipe(file: string): Promise<ParsedRecipe> {
  return readExtending(file, []);
}

/** @param below those that led here, to notice a circle. */
async function readExtending(file: string, below: readonly string[]): Promise<ParsedRecipe> {
  const absolute = path.resolve(file);
  if (below.includes(absolute)) {
    const circle = [...below.slice(below.indexOf(absolute)), absolute].map((one) => path.basename(one));
    throw new BuildError(
      'recipe',
      `${file}: extends: the recipes extend each other in a circle: ${circle.join(' -> ')}`,
    );
  }
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    const from = below.length === 0 ? '' : ` (${path.basename(below.at(-1)!)} extends it)`;
    throw new BuildError('recipe', `The recipe ${file} cannot be read: ${reason}${from}`, { cause });
  });
  const other = extendedFile(text, file);
  if (other === null) return parseRecipe(text, file);
  const parent = await readExtending(other, [...below, absolute]);
  const { extends: _, ...written } = parent.written;
  return parseRecipe(text, file, relocate(written, path.dirname(other), path.dirname(file)));
}

/** The path of the recipe that this one extends. What is wrong with the text is said when it is checked. */
function extendedFile(text: string, file: string): string | null {
  let name: unknown;
  try {
    name = (parse(text) as { extends?: unknown } | null)?.extends;
  } catch {
    return null;
  }
  return typeof name === 'string' && name !== '' ? path.join(path.dirname(file), name) : null;
}

/**
 * @param file the name for messages.
 * @param below what the recipe goes over.
 */
export function parseRecipe(
  text: string,
  file: string,
  below: Readonly<Record<string, unknown>> = {},
): ParsedRecipe {
  try {
    const what = 'a recipe is a map of fields, such as "name: edge"';
    const { value, written } = parseCheckedYaml(text, file, recipeSchema, what, below);
    return { recipe: value, written };
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    const heading = error.count === 1 ? '' : `The recipe has ${error.count} faults:\n`;
    throw new BuildError('recipe', heading + error.message);
  }
}
