/** What the files that compile an expression have in common. */
import { EvaluationError } from './budget.ts';
import type { Step } from './frame.ts';
import type { Functions } from './signature.ts';
import { formatFault, type Node } from './syntax.ts';
import { dyn, formatType, type Type } from './types.ts';
import type { Value } from './values.ts';

export interface Compiled {
  readonly type: Type;
  readonly run: Step;
}

/** What names stand for, innermost last; each has a place in the frame. */
export interface Scope {
  readonly names: ReadonlyMap<string, { readonly slot: number; readonly type: Type }>;
  readonly depth: number;
}

export interface Compiler {
  readonly text: string;
  readonly functions: Functions;
  readonly errors: string[];
  /** Of any node; errors are collected, and what has one is dyn, so that it has no others because of it. */
  readonly compile: (scope: Scope, node: Node) => Compiled;
}

export function fault({ text, errors }: Compiler, { at }: Node, message: string): Compiled {
  errors.push(formatFault(text, at, message));
  return { type: dyn, run: () => null };
}

/** One that has to be a truth. */
export function compileTruth(compiler: Compiler, scope: Scope, node: Node): Compiled {
  const compiled = compiler.compile(scope, node);
  const { type } = compiled;
  if (type.kind === 'bool' || type.kind === 'dyn') return compiled;
  return fault(compiler, node, `expected type 'bool' but found '${formatType(type)}'`);
}

export function truthOf(value: Value): boolean {
  if (typeof value !== 'boolean') throw new EvaluationError('no such overload');
  return value;
}
