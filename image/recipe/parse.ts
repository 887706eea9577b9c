/**
 * Reads a recipe. Everything that is wrong with it is said at once: file, line, field, what was wrong and what would be
 * right.
 */
import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { BuildError } from '../build-error.ts';
import { nearestWord } from './did-you-mean.ts';
import { type Recipe, recipeSchema } from './schema.ts';

export interface ParsedRecipe {
  readonly recipe: Recipe;
  /** As written, without defaults; what the device's configuration is made of. */
  readonly written: Readonly<Record<string, unknown>>;
}

type Path = readonly PropertyKey[];

interface Fault {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** @throws BuildError with the code `recipe`. */
export async function readRecipe(file: string): Promise<ParsedRecipe> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('recipe', `The recipe ${file} cannot be read: ${reason}`, { cause });
  });
  return parseRecipe(text, file);
}

/** @param file the name for messages. */
export function parseRecipe(text: string, file: string): ParsedRecipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const source = { file, document, lines };
  if (document.errors.length > 0)
    throw refusal(
      file,
      document.errors.map((error) => syntaxFault(error, lines)),
    );
  const written: unknown = document.toJS();
  if (!isMap(document.contents)) {
    throw refusal(file, [
      { line: 1, field: '', message: 'a recipe is a map of fields, such as "name: edge"' },
    ]);
  }
  const result = recipeSchema.safeParse(written);
  if (!result.success)
    throw refusal(
      file,
      result.error.issues.flatMap((issue) => issueFaults(issue, source, [])),
    );
  return { recipe: result.data, written: written as Record<string, unknown> };
}

function refusal(file: string, faults: readonly Fault[]): BuildError {
  const sorted = [...faults].sort((a, b) => a.line - b.line);
  const told = sorted.map(
    (fault) => `${file}, line ${fault.line}: ${fault.field ? `${fault.field}: ` : ''}${fault.message}`,
  );
  return new BuildError(
    'recipe',
    told.length === 1 ? told[0]! : `The recipe has ${told.length} faults:\n${told.join('\n')}`,
  );
}

function syntaxFault(
  error: { readonly pos: [number, number]; readonly message: string },
  lines: LineCounter,
): Fault {
  const line = lines.linePos(error.pos[0]).line;
  return { line, field: '', message: `this is not YAML: ${error.message.split('\n')[0]}` };
}

function issueFaults(issue: z.core.$ZodIssue, source: Source, above: Path): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(path, key, source));
  return [{ line: lineOf(path, source), field: fieldName(path), message: describe(issue, path, source) }];
}

function unknownField(path: Path, key: string, source: Source): Fault {
  const known = knownFields(path);
  const nearest = nearestWord(key, known);
  const right = nearest ? `did you mean "${nearest}"?` : `known here: ${known.join(', ')}`;
  return {
    line: lineOf([...path, key], source),
    field: fieldName([...path, key]),
    message: `there is no such field; ${right}`,
  };
}

/** The fields of the schema's object at a path; list positions lead into the list's element. */
function knownFields(path: Path): string[] {
  let schema: unknown = recipeSchema;
  for (const step of path) {
    schema = typeof step === 'number' ? unwrap(schema)?.element : unwrap(schema)?.shape?.[String(step)];
  }
  return Object.keys(unwrap(schema)?.shape ?? {});
}

interface SchemaParts {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly element?: unknown;
}

/** Looks through optional, default and the like, down to the object or list. */
function unwrap(schema: unknown): SchemaParts | undefined {
  let current = schema as { _zod?: { def?: { innerType?: unknown } } } & SchemaParts;
  while (current?._zod?.def?.innerType !== undefined) current = current._zod.def.innerType as typeof current;
  return current;
}

function describe(issue: z.core.$ZodIssue, path: Path, source: Source): string {
  const value = source.document.getIn(path as unknown[]);
  if (value === undefined && issue.code !== 'custom') return `is missing; it ${expectation(issue)}`;
  switch (issue.code) {
    case 'invalid_type':
      return `${expectation(issue)}, not ${kindOf(source.document.toJS(), path)}`;
    case 'invalid_value':
      return `${expectation(issue)}, not ${JSON.stringify(value)}`;
    case 'too_small':
    case 'too_big':
      return issue.message.startsWith('must') ? issue.message : expectation(issue);
    default:
      return issue.message;
  }
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return `must be at least ${issue.minimum}`;
    case 'too_big':
      return `must be at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text (in quotes when it looks like a number)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
};

function kindOf(root: unknown, path: Path): string {
  let value = root;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of fields';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}

function fieldName(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index ? '.' : ''}${String(step)}`))
    .join('');
}

/** The line of a field's name; of what holds it, when the field is missing. */
function lineOf(path: Path, source: Source): number {
  for (let length = path.length; length > 0; length -= 1) {
    const holder =
      length > 1 ? source.document.getIn(path.slice(0, length - 1) as unknown[]) : source.document.contents;
    const offset = offsetIn(holder, path[length - 1]!);
    if (offset !== undefined) return source.lines.linePos(offset).line;
  }
  return 1;
}

function offsetIn(holder: unknown, step: PropertyKey): number | undefined {
  if (isMap(holder)) {
    const pair = holder.items.find((item) => isNode(item.key) && String(item.key) === String(step));
    return isPair(pair) && isNode(pair.key) ? pair.key.range?.[0] : undefined;
  }
  if (holder !== null && typeof holder === 'object' && 'items' in holder) {
    const item = (holder.items as unknown[])[Number(step)];
    return isNode(item) ? item.range?.[0] : undefined;
  }
  return undefined;
}
