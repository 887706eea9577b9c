/** Values as Go writes them in its own syntax, where the real server's sentences have them so. Pure. */

export function showStrings(values: readonly string[] | null | undefined, type = 'string'): string {
  if (values === undefined || values === null) return `[]${type}(nil)`;
  return `[]${type}{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
}

export function showStringMap(map: Readonly<Record<string, string>> | null | undefined): string {
  if (map === undefined || map === null) return 'map[string]string(nil)';
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[string]string{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(', ')}}`;
}
