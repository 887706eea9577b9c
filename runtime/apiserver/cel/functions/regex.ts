/** Regular expressions as Go's: RE2, whose time grows with the text and not with its powers. Pure. */
import { RE2JS } from 're2js';
import { type Budget, EvaluationError, spend } from '../budget.ts';
import type { FunctionTable } from '../signature.ts';
import { list, type Value } from '../values.ts';

/** Longer ones nobody writes by hand; what they become is larger than they are. */
const longestPattern = 10_000;

export type Pattern = ReturnType<typeof RE2JS.compile>;

/** The latest ones: an expression has the same few again and again. */
const ready = new Map<string, Pattern>();
const mostReady = 200;

/** @returns a sentence for what is no regular expression */
export function compilePattern(text: string): Pattern | string {
  const known = ready.get(text);
  if (known !== undefined) return known;
  if (text.length > longestPattern) return 'error parsing regexp: expression too large';
  try {
    const pattern = RE2JS.compile(text);
    const [oldest] = ready.keys();
    if (ready.size >= mostReady && oldest !== undefined) ready.delete(oldest);
    ready.set(text, pattern);
    return pattern;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether it is anywhere in the text. */
export function matchesPattern(pattern: Pattern, text: string): boolean {
  return pattern.matcher(text).find();
}

/** The product of both is what a linear engine takes, as the real server reckons. */
function patternFor(pattern: string, text: string, budget: Budget): Pattern {
  spend(budget, Math.ceil((text.length / 10 + 1) * Math.ceil(pattern.length / 4)));
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') throw new EvaluationError(compiled);
  return compiled;
}

function findAll(text: string, pattern: Pattern, most: bigint): Value {
  const found: Value[] = [];
  const matcher = pattern.matcher(text);
  while ((most < 0n || BigInt(found.length) < most) && matcher.find()) found.push(matcher.group() ?? '');
  return list(found);
}

function matches(args: readonly Value[], budget: Budget): boolean {
  const [text, pattern] = args as [string, string];
  return matchesPattern(patternFor(pattern, text, budget), text);
}

export const regex: FunctionTable = {
  'string.matches(string): bool': matches,
  '::matches(string, string): bool': matches,
  'string.find(string): string': (args, budget) => {
    const [text, pattern] = args as [string, string];
    const matcher = patternFor(pattern, text, budget).matcher(text);
    return matcher.find() ? (matcher.group() ?? '') : '';
  },
  'string.findAll(string): list<string>': (args, budget) => {
    const [text, pattern] = args as [string, string];
    return findAll(text, patternFor(pattern, text, budget), -1n);
  },
  'string.findAll(string, int): list<string>': (args, budget) => {
    const [text, pattern, most] = args as [string, string, bigint];
    return findAll(text, patternFor(pattern, text, budget), most);
  },
};
