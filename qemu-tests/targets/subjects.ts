/** The images under test: every recipe, for each of its architectures. */
import path from 'node:path';
import type { ArchitectureName } from '../../image/architecture.ts';
import { readRecipe } from '../../image/recipe/parse.ts';
import { type BootImage, openImage } from '../machine/image.ts';
import { buildRecipe, readBuildReport } from '../trivet-command.ts';

export interface Subject {
  /** `factory-arm64`, `cloud-x86_64`. */
  readonly name: string;
  readonly recipe: string;
  readonly architecture: ArchitectureName;
  readonly image: BootImage;
  readonly version: string;
}

/** Builds the images of a recipe, into out/. */
export async function buildSubjects(recipe: string): Promise<readonly Subject[]> {
  const { architecture: all } = (await readRecipe(recipe)).recipe;
  const base = path.basename(recipe, '.yaml');
  const subjects: Subject[] = [];
  for (const architecture of all) {
    const file = await buildRecipe(recipe, { ...(all.length > 1 ? { architecture } : {}), quiet: true });
    const { version } = readBuildReport(path.dirname(file));
    const name = all.length > 1 ? `${base}-${architecture}` : base;
    subjects.push({ name, recipe, architecture, image: openImage(file), version });
  }
  return subjects;
}
