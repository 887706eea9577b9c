/** Reads from objects whose shape nobody has checked: what is missing or of another type reads as nothing. Pure. */

export type Reader = Readonly<Record<string, unknown>>;

/** An object at a path; an empty one where there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): Reader {
  const found = valueAt(value, path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Reader) : {};
}

/** A list at a path; an empty one where there is none. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a list. */
export function stringsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === 'string');
}

/** The texts of a map, such as labels. */
export function textEntriesAt(
  value: unknown,
  ...path: readonly string[]
): readonly (readonly [string, string])[] {
  return Object.entries(objectAt(value, ...path)).flatMap(([key, item]) =>
    typeof item === 'string' ? [[key, item] as const] : [],
  );
}

/** '' where there is none. */
export function stringAt(value: unknown, ...path: readonly string[]): string {
  const found = valueAt(value, path);
  return typeof found === 'string' ? found : '';
}

/** 0 where there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number {
  const found = valueAt(value, path);
  return typeof found === 'number' ? found : 0;
}

/** Null where there is none: absent is another thing than false. */
export function booleanAt(value: unknown, ...path: readonly string[]): boolean | null {
  const found = valueAt(value, path);
  return typeof found === 'boolean' ? found : null;
}

/** Whether something other than null is there. */
export function isSet(value: unknown, ...path: readonly string[]): boolean {
  const found = valueAt(value, path);
  return found !== undefined && found !== null;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Reader)[key];
  }
  return at;
}
