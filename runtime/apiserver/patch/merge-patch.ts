/** JSON merge patch (RFC 7396). Pure: the document is left as it is. */
import type { Json } from './json-patch.ts';

type JsonObject = { readonly [name: string]: Json };

/** What is null in the patch goes, objects are merged, everything else is replaced. */
export function applyMergePatch(document: Json, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const before = isObject(document) ? document : {};
  const after = new Map(Object.entries(before));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) after.delete(name);
    else after.set(name, applyMergePatch(after.get(name) ?? null, value));
  }
  return Object.fromEntries(after);
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
