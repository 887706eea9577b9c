/**
 * Reads a YAML text against a schema. Everything that is wrong with it is said at once: file, line, field, what was
 * wrong and what would be right. Recipes and the agent's configuration are both read with it.
 */
import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLMap,
  YAMLParseError,
} from 'yaml';
import type { z } from 'zod';
import {
  type FieldPath,
  lineOf,
  refuseIssues,
  refuseSyntax,
  refuseText,
  type YamlFaultsError,
} from './yaml-faults.ts';

export interface CheckedYaml<Value> {
  readonly value: Value;
  /** As written, over what is below it, without defaults. */
  readonly written: Readonly<Record<string, unknown>>;
  /** What the text itself says. */
  readonly own: Readonly<Record<string, unknown>>;
  /** The line of a field in the text. */
  lineOf(path: FieldPath): number;
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
  if (document.errors.length > 0) throw refuseSyntax(file, document.errors, lines);
  if (!isMap(document.contents)) throw refuseText(file, what);
  const own = plainValue(document, file);
  const written = mergeOver(below, own);
  const result = schema.safeParse(written);
  if (!result.success) throw refuseIssues(source, result.error.issues);
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
  return refuseText(file, `this cannot be read: ${reason}`);
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
