/** The type expressions that occur in API types: names, pointers, slices, maps. */
import { BuildError } from '../../build-error.ts';
import { builtin, type GoType } from './declarations.ts';

export interface Scope {
  readonly packagePath: string;
  /** What a qualifier stands for in this file. */
  readonly imports: ReadonlyMap<string, string>;
}

const builtins = new Set([
  ...['string', 'bool', 'byte', 'int', 'int32', 'int64', 'uint8', 'uint32', 'uint64', 'float32', 'float64'],
  ...['any', 'interface{}', 'error'],
]);

/** @param where for the message when the expression is of another form. */
export function parseGoType(text: string, scope: Scope, where: string): GoType {
  if (text.startsWith('*')) return { kind: 'pointer', of: parseGoType(text.slice(1), scope, where) };
  if (text.startsWith('[]')) return { kind: 'slice', of: parseGoType(text.slice(2), scope, where) };
  const map = /^map\[([\w.]+)\](.+)$/.exec(text);
  if (map !== null) {
    return { kind: 'map', key: parseGoType(map[1]!, scope, where), of: parseGoType(map[2]!, scope, where) };
  }
  if (builtins.has(text)) return { kind: 'name', package: builtin, name: text };
  const name = /^(?:(\w+)\.)?(\w+)$/.exec(text);
  const path = name?.[1] === undefined ? scope.packagePath : scope.imports.get(name[1]);
  if (name === null || path === undefined) {
    throw new BuildError('damaged-input', `${where}: a type that this program cannot read: ${text}`);
  }
  return { kind: 'name', package: path, name: name[2]! };
}
