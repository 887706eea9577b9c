/**
 * Reads a YAML text against a schema. Everything that is wrong with it is said at once: file, line, field, what was
 * wrong and what would be right. Recipes and the agent's configuration are both read with it.
 */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
  YAMLParseError,
} from 'yaml';
import type { z } from 'zod';
import { nearestWord } from './did-you-mean.ts';

/** The text cannot be used; the message names every fault, one a line. */
export class YamlFaultsError extends Error {
  override readonly name = 'YamlFaultsError';
  readonly count: number;

  constructor(lines: readonly string[], count: number) {
    super(lines.join('\n'));
    this.count = count;
  }
}

export interface CheckedYaml<Value> {
  readonly value: Value;
  /** As written, over what is below it, without defaults. */
  readonly written: Readonly<Record<string, unknown>>;
  /** What the text itself says. */
  readonly own: Readonly<Record<string, unknown>>;
  /** The line of a field in the text. */
  lineOf(path: FieldPath): number;
}

/** Names of fields and positions in lists, from the outside in. */
export type FieldPath = readonly PropertyKey[];

/** More than a person reads, and few enough that a hostile text takes no time. */
const mostFaults = 20;

interface Fault {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
}

/**
 * Checks `text` against `schema`, which must be an object's. `file` is named in messages, `what` says what the text
 * should be, with an example of a field. `below` is what the text goes over: maps are merged, anything else is
 * replaced, and it is the whole that is checked. Throws `YamlFaultsError`.
 */
export function parseCheckedYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  what: string,
  below: Readonly<Record<string, unknown>> = {},
): CheckedYaml<z.infer<Schema>> {
  const lines = new LineCounter();
  const document = readDocument(text, file, lines);
  const source = { file, document, lines, schema };
  if (document.errors.length > 0) {
    const shown = document.errors.slice(0, mostFaults);
    throw refusal(
      file,
      shown.map((error) => syntaxFault(error, lines)),
      document.errors.length,
    );
  }
  if (!isMap(document.contents)) {
    throw refusal(file, [{ line: 1, field: '', message: what }]);
  }
  const own = plainValue(document, file);
  const written = mergeOver(below, own);
  const result = schema.safeParse(written);
  if (!result.success) {
    const { issues } = result.error;
    const shown = issues.slice(0, mostFaults).flatMap((issue) => issueFaults(issue, source, []));
    throw refusal(file, shown, countFaults(issues));
  }
  return {
    value: result.data,
    written: written as Record<string, unknown>,
    own: own as Record<string, unknown>,
    lineOf: (path) => lineOf(path, source),
  };
}

/** Lists in lists in lists, a hundred thousand deep, end the parser's stack. */
function readDocument(text: string, file: string, lines: LineCounter): Document {
  try {
    // The parser would compare each key of a map with every other, which takes minutes for ten thousands of them.
    const options = {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
    } as const;
    const document = parseDocument(text, options);
    visit(document, { Map: (_, map) => findTwins(map, document) });
    return document;
  } catch (error) {
    throw unreadable(file, error);
  }
}

function findTwins(map: YAMLMap, document: Document): void {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const [start = 0, end = 0] = key.range ?? [];
    if (seen.has(key.value)) {
      document.errors.push(new YAMLParseError([start, end], 'DUPLICATE_KEY', 'Map keys must be unique'));
    }
    seen.add(key.value);
  }
}

function unreadable(file: string, error: unknown): YamlFaultsError {
  const reason = error instanceof RangeError ? 'it is nested too deeply' : (error as Error).message;
  return refusal(file, [{ line: 1, field: '', message: `this cannot be read: ${reason}` }]);
}

/** Aliases may name nothing, themselves, or so much that the parser gives up. */
function plainValue(document: Document, file: string): unknown {
  try {
    const value: unknown = document.toJS();
    // A value that contains itself could be merged and checked for ever.
    JSON.stringify(value);
    return value;
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** Maps are merged, field by field; lists and plain values of `over` replace those below. */
function mergeOver(below: unknown, over: unknown): unknown {
  if (!isPlainMap(below) || !isPlainMap(over)) return over;
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(over)) merged.set(key, mergeOver(merged.get(key), value));
  return Object.fromEntries(merged);
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param count how many there are, where `faults` are not all of them. */
function refusal(file: string, faults: readonly Fault[], count = faults.length): YamlFaultsError {
  const sorted = [...faults].sort((a, b) => a.line - b.line).slice(0, mostFaults);
  const told = sorted.map(
    (fault) => `${file}, line ${fault.line}: ${fault.field ? `${fault.field}: ` : ''}${fault.message}`,
  );
  const more = count - told.length;
  return new YamlFaultsError(more > 0 ? [...told, `${file}: and ${more} more faults`] : told, count);
}

function countFaults(issues: readonly z.core.$ZodIssue[]): number {
  const counts = issues.map((issue) => (issue.code === 'unrecognized_keys' ? issue.keys.length : 1));
  return counts.reduce((sum, count) => sum + count, 0);
}

function syntaxFault(
  error: { readonly pos: [number, number]; readonly message: string },
  lines: LineCounter,
): Fault {
  const line = lines.linePos(error.pos[0]).line;
  return { line, field: '', message: `this is not YAML: ${error.message.split('\n')[0]}` };
}

/** Of several kinds of value that would do, the one whose kind was written. */
function closestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  return branches.find((issues) =>
    issues.every((issue) => issue.code !== 'invalid_type' || issue.path.length > 0),
  );
}

function issueFaults(issue: z.core.$ZodIssue, source: Source, above: FieldPath): Fault[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const branch = closestBranch(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => issueFaults(inner, source, path));
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, mostFaults).map((key) => unknownField(path, key, source));
  }
  return [{ line: lineOf(path, source), field: fieldName(path), message: describe(issue, path, source) }];
}

function unknownField(path: FieldPath, key: string, source: Source): Fault {
  const known = knownFields(source.schema, path);
  const nearest = nearestWord(key, known);
  const right = nearest ? `did you mean "${nearest}"?` : `known here: ${known.join(', ')}`;
  return {
    line: lineOf([...path, key], source),
    field: fieldName([...path, key]),
    message: `there is no such field; ${right}`,
  };
}

/** The fields of the schema's object at a path; list positions lead into the list's element. */
function knownFields(root: z.ZodType, path: FieldPath): string[] {
  let schema: unknown = root;
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

function describe(issue: z.core.$ZodIssue, path: FieldPath, source: Source): string {
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

function kindOf(root: unknown, path: FieldPath): string {
  let value = root;
  for (const step of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[step];
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of fields';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}

function fieldName(path: FieldPath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index ? '.' : ''}${String(step)}`))
    .join('');
}

/** The line of a field's name; of what holds it, when the field is missing. */
function lineOf(path: FieldPath, source: Source): number {
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
