/**
 * The files that `npm run generate` makes: in a checkout beside this code, in the executable assets by the same names.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { getAsset, isSea } from 'node:sea';

/** All types; see `types-file.ts`. */
export const typesFile = 'kubernetes-types.json';
/** Which OpenAPI v3 documents there are; see `openapi.ts`. */
export const openApiIndexFile = 'openapi-v3.json';

/** @throws Error when it was not made, or the executable was built without it. */
export function readGenerated(name: string): Buffer {
  if (isSea()) return Buffer.from(getAsset(name));
  const file = path.join(import.meta.dirname, 'generated', name);
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new Error(`${file} is missing: run "npm run generate" in the checkout.`, { cause });
  }
}
