/** What is allowed in a recipe and still deserves a word. */
import type { Recipe } from './schema.ts';

/** What the published recipes say in place of a secret. */
const publishedSecret = 'change-me-before-anything-real';

/** One sentence each. */
export function warnAbout(recipe: Recipe): string[] {
  const warnings: string[] = [];
  if (recipe.cluster?.secret === publishedSecret) {
    warnings.push(
      'cluster.secret is the one of the published recipe, which everybody knows: set your own (openssl rand -hex 16)',
    );
  }
  if (recipe.cluster?.voucher !== undefined) {
    warnings.push(
      'cluster.voucher admits one machine, and every machine of this image has it: leave it out, and put it onto the boot partition of that machine (trivet flash --config)',
    );
  }
  if (recipe.update.source !== undefined) {
    warnings.push(
      'update.source is written into the image, but this version of Trivet fetches no updates by itself: it takes them from a disk with a partition "trivet-update"',
    );
  }
  return warnings;
}
