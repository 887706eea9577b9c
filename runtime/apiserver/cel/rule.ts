/**
 * Expressions of CEL as Kubernetes 1.32 has them: compiled once with the types of their variables, evaluated with values and a
 * budget, so that no rule can keep the server busy. This file is what others use of the folder. Pure.
 */
import { type Budget, BudgetError, EvaluationError } from './budget.ts';
import { compileNode } from './compile.ts';
import type { Compiled, Compiler } from './compiler.ts';
import { addresses } from './functions/addresses.ts';
import { formats } from './functions/formats.ts';
import { lists, optionals, sets } from './functions/lists.ts';
import { arithmetic, comparison, conversion } from './functions/operators.ts';
import { quantities } from './functions/quantities.ts';
import { regex } from './functions/regex.ts';
import { strings } from './functions/strings.ts';
import { times } from './functions/times.ts';
import { urls } from './functions/urls.ts';
import { parse } from './parse.ts';
import { type Functions, type FunctionTable, readFunctions } from './signature.ts';
import { formatFault, type Node, SyntaxFault } from './syntax.ts';
import { formatType, isAssignable, type Type } from './types.ts';
import type { Value } from './values.ts';

export interface Declarations {
  readonly variables: Readonly<Record<string, Type>>;
  /** What the expression has to give; one of them. */
  readonly results: readonly Type[];
  /** Beside Kubernetes' own: signatures with what they do. */
  readonly functions?: FunctionTable;
}

export interface Rule {
  readonly type: Type;
  /** Which of the declared variables stand in it. */
  readonly uses: ReadonlySet<string>;
  readonly variables: readonly string[];
  readonly run: Compiled['run'];
}

export type CompileOutcome =
  | { readonly kind: 'rule'; readonly rule: Rule }
  /** As the real server says it behind `compilation failed: `; `isResult`: all is well but what it gives. */
  | { readonly kind: 'fault'; readonly message: string; readonly isResult: boolean };

/** Kubernetes' numbers: one expression, and all those of one object. */
export const costOfOneExpression = 1_000_000;
export const costOfOneRequest = 10_000_000;

const ownFunctions: Functions = readFunctions(
  ...[arithmetic, comparison, conversion, strings, regex, times, lists, sets, optionals],
  ...[quantities, urls, addresses, formats],
);

/** Takes whatever text comes. */
export function compileRule(text: string, { variables, results, functions }: Declarations): CompileOutcome {
  const names = Object.entries(variables).map(([name, type], slot) => [name, { slot, type }] as const);
  const compiler: Compiler = {
    ...{ text, functions: withOwn(functions), errors: [] },
    compile: (scope, node) => compileNode(compiler, scope, node),
  };
  try {
    const scope = { names: new Map(names), depth: names.length };
    const { type, run } = compileNode(compiler, scope, parse(text));
    const message = compiler.errors.join('\n');
    if (message !== '') return { kind: 'fault', message, isResult: false };
    const isWanted = results.some((wanted) => wanted.kind === 'dyn' || isResult(wanted, type));
    if (!isWanted) return { kind: 'fault', message: wrongResult(results), isResult: true };
    return {
      kind: 'rule',
      rule: { type, uses: usedIn(text, variables), variables: Object.keys(variables), run },
    };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    return { kind: 'fault', message: formatFault(text, error.at, error.message), isResult: false };
  }
}

/** The tree of an expression with the types of its parts, for who looks at it without evaluating; null: it cannot be read. */
export function checkedTree(
  text: string,
  { variables, functions }: Declarations,
): { readonly tree: Node; readonly types: ReadonlyMap<Node, Type> } | null {
  const names = Object.entries(variables).map(([name, type], slot) => [name, { slot, type }] as const);
  const types = new Map<Node, Type>();
  const compiler: Compiler = {
    ...{ text, functions: withOwn(functions), errors: [] },
    compile: (scope, node) => {
      const compiled = compileNode(compiler, scope, node);
      types.set(node, compiled.type);
      return compiled;
    },
  };
  try {
    const tree = parse(text);
    compiler.compile({ names: new Map(names), depth: names.length }, tree);
    return compiler.errors.length > 0 ? null : { tree, types };
  } catch (error) {
    if (error instanceof SyntaxFault) return null;
    throw error;
  }
}

function withOwn(functions: FunctionTable | undefined): Functions {
  if (functions === undefined) return ownFunctions;
  const added = readFunctions(functions);
  const names = new Set([...ownFunctions.keys(), ...added.keys()]);
  return new Map(
    [...names].map((name) => [name, [...(ownFunctions.get(name) ?? []), ...(added.get(name) ?? [])]]),
  );
}

function isResult(wanted: Type, given: Type): boolean {
  return given.kind === 'dyn' || (given.kind === wanted.kind && isAssignable(wanted, given, new Map()));
}

function wrongResult(results: readonly Type[]): string {
  const [only] = results;
  if (results.length === 1 && only !== undefined) return `must evaluate to ${formatType(only)}`;
  // Here the type of null has its name in full.
  const names = results.map((type) => (type.kind === 'null' ? 'null_type' : formatType(type)));
  return `must evaluate to one of [${names.join(' ')}]`;
}

/** A name within a string or behind a point counts as well: nothing goes wrong by it but that a rule waits for an old object. */
function usedIn(text: string, variables: Declarations['variables']): ReadonlySet<string> {
  const words = new Set(text.match(/[A-Za-z_]\w*/g) ?? []);
  return new Set(Object.keys(variables).filter((name) => words.has(name)));
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'error'; readonly message: string }
  /** @property all: the whole budget is spent, not only what one expression may cost */
  | { readonly kind: 'exhausted'; readonly all: boolean };

/** @param bindings by the names of variables; one that is not given cannot be read. @param budget of all expressions together */
export function evaluate(
  { run, variables }: Rule,
  bindings: Readonly<Record<string, Value | undefined>>,
  budget: Budget,
): Outcome {
  const all = budget.left <= costOfOneExpression;
  const own: Budget = { left: Math.min(budget.left, costOfOneExpression) };
  const before = own.left;
  try {
    const slots = variables.map((name) => (Object.hasOwn(bindings, name) ? bindings[name] : undefined));
    return { kind: 'value', value: run({ slots, budget: own }) };
  } catch (error) {
    if (error instanceof EvaluationError) return { kind: 'error', message: error.message };
    if (error instanceof BudgetError) return { kind: 'exhausted', all };
    throw error;
  } finally {
    budget.left -= before - Math.max(own.left, 0);
  }
}
