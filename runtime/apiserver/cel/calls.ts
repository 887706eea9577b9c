/** Which overload of a function a call means: by types as far as they are known, by values where they are dyn. Pure. */
import { EvaluationError, spend } from './budget.ts';
import type { Compiled } from './compiler.ts';
import type { Frame } from './frame.ts';
import type { Functions, Overload } from './signature.ts';
import { type Bound, dyn, formatType, isAssignable, substitute, type Type } from './types.ts';
import { fits, type Value } from './values.ts';

export type Call =
  | { readonly kind: 'call'; readonly compiled: Compiled }
  | { readonly kind: 'fault'; readonly message: string };

/** @param args with the target of a method in front */
export function callOf(
  functions: Functions,
  name: string,
  isMember: boolean,
  args: readonly Compiled[],
): Call {
  const all = functions.get(name) ?? [];
  if (all.length === 0)
    return { kind: 'fault', message: `undeclared reference to '${name}' (in container '')` };
  const types = args.map(({ type }) => type);
  const found = all
    .filter((overload) => overload.isMember === isMember && overload.parameters.length === args.length)
    .map((overload) => ({ overload, result: resultOf(overload, types) }))
    .filter(({ result }) => result !== null);
  const [first] = found;
  if (first === undefined) {
    const given = isMember
      ? `${formatType(types[0] as Type)}.(${types.slice(1).map(formatType).join(', ')})`
      : `(${types.map(formatType).join(', ')})`;
    return { kind: 'fault', message: `found no matching overload for '${name}' applied to '${given}'` };
  }
  const overloads = found.map(({ overload }) => overload);
  const isCertain = overloads.length === 1 && !types.some(holdsDyn);
  const names = new Set(found.map(({ result }) => formatType(result as Type)));
  const type = names.size === 1 ? (first.result as Type) : dyn;
  return { kind: 'call', compiled: { type, run: runner(overloads, isCertain, args) } };
}

function resultOf({ parameters, result }: Overload, types: readonly Type[]): Type | null {
  const bound: Bound = new Map();
  const isFitting = parameters.every((wanted, index) => isAssignable(wanted, types[index] as Type, bound));
  return isFitting ? substitute(result, bound) : null;
}

function holdsDyn(type: Type): boolean {
  switch (type.kind) {
    case 'dyn':
      return true;
    case 'list':
      return holdsDyn(type.element);
    case 'optional':
      return holdsDyn(type.of);
    default:
      return false;
  }
}

function runner(
  overloads: readonly Overload[],
  isCertain: boolean,
  args: readonly Compiled[],
): Compiled['run'] {
  const [only] = overloads;
  const values = (frame: Frame): Value[] => args.map((arg) => arg.run(frame));
  return (frame) => {
    spend(frame.budget, 1);
    const given = values(frame);
    const overload = isCertain
      ? only
      : overloads.find(({ parameters }) =>
          parameters.every((type, index) => fits(type, given[index] as Value)),
        );
    if (overload === undefined) throw new EvaluationError('no such overload');
    return overload.run(given, frame.budget);
  };
}
