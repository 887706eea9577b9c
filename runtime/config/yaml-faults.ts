/**
 * What is wrong with a YAML text, in words: file, line, field, what was wrong and what would be right. `checked-yaml.ts`
 * finds it.
 */
import { type Document, isMap, isNode, isPair, type LineCounter, type YAMLParseError } from 'yaml';
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

/** Names of fields and positions in lists, from the outside in. */
export type FieldPath = readonly PropertyKey[];

/** More than a person reads, and few enough that a hostile text takes no time. */
const mostFaults = 20;

export interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly schema: z.ZodType;
}

interface Fault {
  readonly line: number;
  readonly field: string;
  readonly message: string;
}

/** The text is not YAML. */
export function refuseSyntax(
  file: string,
  errors: readonly Pick<YAMLParseError, 'pos' | 'message'>[],
  lines: LineCounter,
): YamlFaultsError {
  const shown = errors.slice(0, mostFaults).map((error) => syntaxFault(error, lines));
  return refusal(file, shown, errors.length);
}

/** The text does not fit its schema. */
export function refuseIssues(source: Source, issues: readonly z.core.$ZodIssue[]): YamlFaultsError {
  const shown = issues.slice(0, mostFaults).flatMap((issue) => issueFaults(issue, source, []));
  return refusal(source.file, shown, countFaults(issues));
}

/** The text cannot be used, for a reason without a place. */
export function refuseText(file: string, message: string): YamlFaultsError {
  return refusal(file, [{ line: 1, field: '', message }]);
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
export function lineOf(path: FieldPath, source: Source): number {
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
