/**
 * Reads the declarations of a Go file line by line. That is enough for files that gofmt has formatted and that hold API
 * types: one field a line, its comment above it. What does not fit is an error, so that nothing is lost in silence.
 */
import { BuildError } from '../../build-error.ts';
import type { GoAlias, GoConstant, GoField, GoStruct } from './declarations.ts';
import { parseGoType, type Scope } from './types.ts';

export interface GoFile {
  readonly types: readonly (readonly [string, GoStruct | GoAlias])[];
  readonly constants: readonly GoConstant[];
}

/** @param where the file's name, for messages. */
export function parseGoFile(text: string, packagePath: string, where: string): GoFile {
  const scope: Scope = { packagePath, imports: parseImports(text) };
  const types: (readonly [string, GoStruct | GoAlias])[] = [];
  const constants: GoConstant[] = [];
  const lines = text
    .replace(/^[ \t]*\/\*[\s\S]*?\*\//gm, (comment) => comment.replace(/[^\n]/g, ''))
    .split('\n');
  let comment: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at]!;
    if (line.startsWith('//')) {
      comment.push(line.slice(2));
      continue;
    }
    const struct = /^type (\w+) struct ?\{(\})?$/.exec(line);
    const alias = /^type (\w+) ((?!struct|interface|func)[^ {][^{]*?)(?:\s*\/\/.*)?$/.exec(line);
    if (struct !== null) {
      const end = struct[2] === '}' ? at : lines.indexOf('}', at);
      const fields = parseFields(lines.slice(at + 1, end), scope, { file: where, firstLine: at + 2 });
      types.push([struct[1]!, { kind: 'struct', comment: commentText(comment), fields }]);
      at = end;
    } else if (alias !== null) {
      const type = parseGoType(alias[2]!.replace(/^= /, ''), scope, `${where}:${at + 1}`);
      const isSameType = alias[2]!.startsWith('= ');
      types.push([alias[1]!, { kind: 'alias', isSameType, comment: commentText(comment), type }]);
    } else if (/^const /.test(line)) {
      const end = line.endsWith('(') ? lines.indexOf(')', at) : at + 1;
      const body = line.endsWith('(') ? lines.slice(at + 1, end) : [line.slice('const '.length)];
      constants.push(...parseConstants(body, line.endsWith('(') ? [] : comment));
      at = end - (line.endsWith('(') ? 0 : 1);
    }
    comment = [];
  }
  return { types, constants };
}

function parseImports(text: string): ReadonlyMap<string, string> {
  const block = /^import \(\n([\s\S]*?)^\)/m.exec(text)?.[1] ?? '';
  const single = [...text.matchAll(/^import (\w+ )?"([^"]+)"/gm)].map(
    ([, name, path]) => `${name ?? ''}"${path}"`,
  );
  const found = [...block.split('\n'), ...single].flatMap((line) => {
    const match = /^\s*(\w+)?\s*"([^"]+)"/.exec(line);
    return match === null ? [] : [[match[1] ?? match[2]!.replace(/^.*\//, ''), match[2]!] as const];
  });
  return new Map(found);
}

const fieldLine = /^\t(\w+)\s+([^`/]+?)\s*(?:`([^`]*)`)?\s*(?:\/\/.*)?$/;
const embeddedLine = /^\t(\*?[\w.]+)\s*(?:`([^`]*)`)?\s*(?:\/\/.*)?$/;

interface Place {
  readonly file: string;
  readonly firstLine: number;
}

function parseFields(lines: readonly string[], scope: Scope, { file, firstLine }: Place): readonly GoField[] {
  const fields: GoField[] = [];
  let comment: string[] = [];
  for (const [index, line] of lines.entries()) {
    const note = /^\t\/\/(.*)$/.exec(line);
    if (note !== null) {
      comment.push(note[1]!);
      continue;
    }
    if (line.trim() !== '') fields.push(parseField(line, comment, scope, `${file}:${firstLine + index}`));
    comment = [];
  }
  return fields;
}

function parseField(line: string, comment: readonly string[], scope: Scope, where: string): GoField {
  const embedded = embeddedLine.exec(line);
  const named = fieldLine.exec(line);
  const [type, tag] = embedded !== null ? [embedded[1]!, embedded[2]] : [named?.[2], named?.[3]];
  if (type === undefined) {
    throw new BuildError('damaged-input', `${where}: a field that this program cannot read: ${line.trim()}`);
  }
  return {
    goName: embedded !== null ? type.replace(/^.*[.*]/, '') : named![1]!,
    type: parseGoType(type, scope, where),
    embedded: embedded !== null,
    comment: commentText(comment),
    tags: Object.fromEntries(
      [...(tag ?? '').matchAll(/(\w+):"([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
    ),
  };
}

function parseConstants(lines: readonly string[], before: readonly string[]): readonly GoConstant[] {
  const constants: GoConstant[] = [];
  let comment = [...before];
  for (const line of lines) {
    const note = /^\s*\/\/(.*)$/.exec(line);
    if (note !== null) {
      comment.push(note[1]!);
      continue;
    }
    const match = /^\s*(\w+)\s+(\w+)\s*=\s*"([^"]*)"/.exec(line);
    if (match !== null) {
      constants.push({ name: match[1]!, type: match[2]!, value: match[3]!, comment: commentText(comment) });
    }
    comment = [];
  }
  return constants;
}

/**
 * The text of a comment as Go's own parser gives it (`ast.CommentGroup.Text`): one space less, no blank lines around it
 * and never two of them, no directives such as `//nolint`.
 */
function commentText(raw: readonly string[]): readonly string[] {
  const lines: string[] = [];
  for (const line of raw) {
    if (/^[a-z0-9]+:[a-z0-9]/.test(line)) continue;
    const text = line.replace(/^ /, '').trimEnd();
    if (text !== '' || (lines.length > 0 && lines.at(-1) !== '')) lines.push(text);
  }
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
