/** Markers in comments: lines such as `+optional` and `+listMapKey=name`. */

/** Values by name; a marker without a value has an empty one. */
export type Markers = ReadonlyMap<string, readonly string[]>;

/** Those of a comment. */
export function markers(comment: readonly string[]): Markers {
  const found = new Map<string, string[]>();
  for (const line of comment) {
    const match = /^\+([\w:.-]+)(?:=(.*))?$/.exec(line.trim());
    if (match === null) continue;
    found.set(match[1]!, [...(found.get(match[1]!) ?? []), match[2] ?? '']);
  }
  return found;
}
