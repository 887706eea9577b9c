/** The images of a recipe, one for each of its architectures, built as a user would. */
import path from 'node:path';
import type { ArchitectureName } from '../image/architecture.ts';
import { readRecipe } from '../image/recipe/parse.ts';
import { type BootImage, openImage } from './machine/image.ts';
import { buildRecipe, readBuildReport } from './trivet-command.ts';

export interface RecipeImage {
  /** `factory-arm64`, `cloud-x86_64`. */
  readonly name: string;
  readonly recipe: string;
  readonly architecture: ArchitectureName;
  readonly image: BootImage;
  readonly version: string;
}

/** Builds the images of a recipe, into out/. */
export async function buildImages(recipe: string): Promise<readonly RecipeImage[]> {
  const { architecture: all } = (await readRecipe(recipe)).recipe;
  const base = path.basename(recipe, '.yaml');
  const images: RecipeImage[] = [];
  for (const architecture of all) {
    const file = await buildRecipe(recipe, { ...(all.length > 1 ? { architecture } : {}), quiet: true });
    const { version } = readBuildReport(path.dirname(file));
    const name = all.length > 1 ? `${base}-${architecture}` : base;
    images.push({ name, recipe, architecture, image: openImage(file), version });
  }
  return images;
}
