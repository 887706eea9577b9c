/** JSON merge patch (RFC 7396). Pure: the document is left as it is. */
import { isObject, type JsonValue } from '../schemas/protobuf/json-value.ts';

/** What is null in the patch goes, objects are merged, everything else is replaced. */
export function applyMergePatch(document: JsonValue, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const before = isObject(document) ? document : {};
  const after = new Map(Object.entries(before));
  for (const [name, value = null] of Object.entries(patch)) {
    if (value === null) after.delete(name);
    else after.set(name, applyMergePatch(after.get(name) ?? null, value));
  }
  return Object.fromEntries(after);
}
