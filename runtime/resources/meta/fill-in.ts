/** Filling in what a client left open. Objects come as Go writes them, so that what is empty is mostly absent. Pure. */

/** The object with what it lacks; itself where it lacks nothing. Empty text is as good as none. */
export function withDefaults<T extends object>(object: T, defaults: Partial<T>): T {
  const missing = Object.entries(defaults).filter(([name, value]) => {
    const own = (object as Record<string, unknown>)[name];
    return value !== undefined && (own === undefined || own === null || own === '');
  });
  return missing.length === 0 ? object : { ...object, ...Object.fromEntries(missing) };
}

/** The object with some of its fields changed; those that are not there stay so. */
export function withChanged<T extends object>(
  object: T,
  changes: { readonly [K in keyof T]?: (value: NonNullable<T[K]>) => T[K] },
): T {
  const changed: Partial<T> = {};
  for (const name of Object.keys(changes) as (keyof T)[]) {
    const value = object[name];
    if (value !== undefined && value !== null) changed[name] = changes[name]!(value);
  }
  return { ...object, ...changed };
}

/** Makes a change of one into a change of each. */
export function each<T>(change: (item: T) => T): (items: readonly T[]) => readonly T[] {
  return (items) => items.map(change);
}
