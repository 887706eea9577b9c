/**
 * A recipe without anything that lies beside it: the files it names by path become part of it. So it can be kept beside
 * the image and builds the same one anywhere.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';
import type { Operator } from '../../runtime/config/operators-schema.ts';
import { BuildError } from '../build-error.ts';
import type { ParsedRecipe } from './parse.ts';
import type { RecipeFile } from './schema.ts';

/** @param file the recipe's own, which its paths are relative to. @throws BuildError when one cannot be read. */
export async function resolveRecipe({ recipe, written }: ParsedRecipe, file: string): Promise<ParsedRecipe> {
  const directory = path.dirname(file);
  const files = await Promise.all(recipe.files.map((one) => withContent(one, directory)));
  const certificates = await Promise.all(recipe.certificates.map((one) => certificateText(one, directory)));
  // Where the keys lie is the business of whoever builds; what is extended is part of it already.
  const { keys: _keys, extends: _extends, ...rest } = written;
  const lists = {
    ...(files.length === 0 ? {} : { files }),
    ...(certificates.length === 0 ? {} : { certificates }),
  };
  return { recipe: { ...recipe, ...lists }, written: { ...rest, ...lists } };
}

/** With those who may ask its machines from afar. */
export function withOperators({ recipe, written }: ParsedRecipe, operators: Operator[]): ParsedRecipe {
  return { recipe: { ...recipe, operators }, written: { ...written, operators } };
}

/** As YAML that `parseRecipe` reads again, for just this image; the version is there, whoever builds. */
export function formatResolvedRecipe(
  { written }: ParsedRecipe,
  image: {
    readonly name: string;
    readonly version: string;
    readonly architecture: { readonly name: string };
  },
): string {
  const { name, version, architecture } = image;
  return `# The recipe of this image, with the files it names. trivet verify --rebuild builds from it.\n${stringify({ ...written, name, version, architecture: architecture.name })}`;
}

/** Of the file that the recipe names; a text in its place stays as it is. */
async function certificateText(name: string, directory: string): Promise<string> {
  if (name.includes('-----BEGIN')) return name;
  const file = path.resolve(directory, name);
  return readFile(file, 'utf8').catch((cause) => {
    throw new BuildError('recipe', `certificates: ${file} cannot be read (it is relative to the recipe)`, {
      cause,
    });
  });
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
