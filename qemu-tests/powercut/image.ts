/** The image that the cuts are made on: the recipe of the cloud, for a machine that is a cluster by itself. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BootImage, openImage } from '../machine/image.ts';
import { buildRecipe } from '../trivet-command.ts';

const checkout = path.resolve(import.meta.dirname, '../..');
const recipe = 'recipes/cloud-x86_64.yaml';

/** Builds it, which takes seconds when nothing has changed, and only what changed otherwise. */
export async function buildSingleImage(): Promise<BootImage> {
  const directory = path.join(checkout, 'out/powercut');
  mkdirSync(directory, { recursive: true });
  const text = readFileSync(path.join(checkout, recipe), 'utf8');
  const single = text.replace(/^name: .*$/m, 'name: powercut').replace(/^( +expect: )\d+$/m, '$11');
  const file = path.join(directory, 'powercut.yaml');
  writeFileSync(file, single);
  return openImage(await buildRecipe(file, { outputDirectory: path.join(directory, 'image'), quiet: true }));
}
