/** `trivet recipe check|show|schema`: what is wrong with a recipe, what it comes to, and what editors should know. */
import { stringify } from 'yaml';
import { BuildError } from '../build-error.ts';
import { version as builderVersion } from '../checkout.ts';
import { planImage } from '../plan/plan.ts';
import { recipeJsonSchema } from '../recipe/json-schema.ts';
import { readRecipe } from '../recipe/parse.ts';
import { warnAbout } from '../recipe/warnings.ts';

export interface RecipeCommandOptions {
  readonly action: string;
  readonly file: string | undefined;
  readonly json: boolean;
}

export async function recipeCommand({ action, file, json }: RecipeCommandOptions): Promise<void> {
  if (action === 'schema') {
    process.stdout.write(recipeJsonSchema());
    return;
  }
  if (action !== 'check' && action !== 'show') {
    throw new BuildError('usage', `trivet recipe ${action}: it is check FILE, show FILE or schema.`);
  }
  if (file === undefined)
    throw new BuildError('usage', `trivet recipe ${action} needs the file of a recipe.`);
  const parsed = await readRecipe(file);
  if (action === 'show') {
    const { extends: _, ...written } = parsed.written;
    process.stdout.write(json ? `${JSON.stringify(written, null, 2)}\n` : stringify(written));
    return;
  }
  const images = parsed.recipe.architecture.map((architecture) => {
    const plan = planImage(parsed, builderVersion, architecture);
    return { file: `${plan.fileName}.raw`, architecture, target: plan.target.name };
  });
  const warnings = warnAbout(parsed.recipe);
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: true, images, warnings }, null, 2)}\n`);
    return;
  }
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const lines = images.map((image) => `  ${image.file} (${image.target}, ${image.architecture})\n`);
  process.stdout.write(`${file} is in order; it builds\n${lines.join('')}`);
}
