/**
 * A recipe without anything that lies beside it: the files it names by path become part of it. So it can be kept beside
 * the image and builds the same one anywhere.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import { BuildError } from '../build-error.ts';
import type { ParsedRecipe } from './parse.ts';
import type { RecipeFile } from './schema.ts';

/** @param file the recipe's own, which its paths are relative to. @throws BuildError when one cannot be read. */
export async function resolveRecipe({ recipe, written }: ParsedRecipe, file: string): Promise<ParsedRecipe> {
  const directory = path.dirname(file);
  const files = await Promise.all(recipe.files.map((one) => withContent(one, directory)));
  // Where the keys lie is the business of whoever builds.
  const { keys: _keys, ...rest } = written;
  return { recipe: { ...recipe, files }, written: files.length === 0 ? rest : { ...rest, files } };
}

/** As YAML that `parseRecipe` reads again; the version is there, whoever builds. */
export function formatResolvedRecipe({ written }: ParsedRecipe, version: string): string {
  return `# The recipe of this image, with the files it names. trivet verify --rebuild builds from it.\n${stringify({ ...written, version })}`;
}

async function withContent(file: RecipeFile, directory: string): Promise<RecipeFile> {
  if (file.source === undefined) return file;
  const { source, ...rest } = file;
  const bytes = await readFile(path.resolve(directory, source)).catch((cause) => {
    throw new BuildError(
      'recipe',
      `files: the source of ${file.path} cannot be read: ${path.resolve(directory, source)} (it is relative to the recipe)`,
      { cause },
    );
  });
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes)
    ? { ...rest, content: text }
    : { ...rest, base64: bytes.toString('base64') };
}
