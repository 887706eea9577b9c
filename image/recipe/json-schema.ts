/** The recipe's schema for editors (JSON Schema, draft 2020-12). What only code can check is left out of it. */
import * as z from 'zod';
import { recipeSchema } from './schema.ts';

/** `recipes/recipe.schema.json`, with the end of its last line. */
export function recipeJsonSchema(): string {
  const schema = z.toJSONSchema(recipeSchema, { io: 'input', unrepresentable: 'any' });
  return `${JSON.stringify({ ...schema, title: 'Trivet recipe' }, null, 2)}\n`;
}
