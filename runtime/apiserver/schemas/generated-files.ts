/**
 * The files that `npm run generate` makes: in a checkout beside this code, in the executable assets by the same names.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { getAsset, isSea } from 'node:sea';

/** All types; see `types-file.ts`. */
export const typesFile = 'kubernetes-types.json';
/** Which OpenAPI v3 documents there are; see `openapi.ts`. */
export const openApiIndexFile = 'openapi-v3.json';

/** @throws Error when it was not made, or the executable was built without it. */
export function readGenerated(name: string): Buffer {
  return readAsset(name) ?? readBeside(name);
}

function readAsset(name: string): Buffer | null {
  if (!isSea()) return null;
  try {
    return Buffer.from(getAsset(name));
  } catch {
    // An executable that pkg made has files instead.
    return null;
  }
}

/** In a checkout they have a directory of their own, with pkg they are beside the bundles. */
function readBeside(name: string): Buffer {
  const places = [path.join(import.meta.dirname, 'generated', name), path.join(import.meta.dirname, name)];
  const file = places.find((place) => existsSync(place));
  if (file !== undefined) return readFileSync(file);
  throw new Error(`${places[0]} is missing: run "npm run generate" in the checkout.`);
}
