/** What is allowed in a recipe and still deserves a word; and what follows only when the operators are known. */
import { BuildError } from '../build-error.ts';
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

/**
 * Encrypted data needs somebody who can open it when the TPM is gone.
 * @throws BuildError `recipe` when there is nobody.
 */
export function requireOperators({ data, operators }: Pick<Recipe, 'data' | 'operators'>): void {
  if (data.encrypt === undefined || (operators ?? []).length > 0) return;
  throw new BuildError(
    'recipe',
    'data.encrypt: the image has no operator ("operators: []"), so nobody could open the data of a machine whose TPM is gone: name one, or leave "operators" out for the key of whoever builds.',
  );
}
