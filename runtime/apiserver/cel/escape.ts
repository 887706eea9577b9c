/** Names of properties as expressions have them: what is no identifier there is written in another way. (…/pkg/cel/escaping.go) Pure. */

const keywords: ReadonlySet<string> = new Set([
  ...['true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if'],
  ...['import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
]);

const signs: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** Null: no expression can name it. */
export function escapeProperty(name: string): string | null {
  if (keywords.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return null;
  return name.replace(/__|[./-]/g, (sign) => signs[sign] as string);
}
