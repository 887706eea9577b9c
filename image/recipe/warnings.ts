/** What is allowed in a recipe and still deserves a word. */
import type { Recipe } from './schema.ts';

/** What the published recipes say in place of a secret. */
const publishedSecret = 'change-me-before-anything-real';

/** One sentence each. */
export function warnAbout(recipe: Recipe): string[] {
  if (recipe.cluster.secret !== publishedSecret) return [];
  return [
    'cluster.secret is the one of the published recipe, which everybody knows: set your own (openssl rand -hex 16)',
  ];
}
