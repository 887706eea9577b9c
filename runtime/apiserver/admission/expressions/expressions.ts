/**
 * Expressions of CEL over a request: compiled once, evaluated with what it is about.
 * (k8s.io/apiserver/pkg/admission/plugin/cel)
 */
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Budget } from '../../cel/budget.ts';
import { fromJson } from '../../cel/json-values.ts';
import { type CompileOutcome, compileRule, costOfOneRequest, evaluate } from '../../cel/rule.ts';
import { dyn, type Type } from '../../cel/types.ts';
import type { MapValue, Value } from '../../cel/values.ts';
import type { Asked } from '../plugin.ts';
import { reviewRequest } from '../webhooks/review.ts';
import { authorizerFunctions, authorizerType, authorizerValue } from './authorizer-library.ts';

export type Bindings = Readonly<Record<string, Value>>;

/** An expression that cannot be read, or has no value. The message says why. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const variables: Readonly<Record<string, Type>> = {
  ...{ object: dyn, oldObject: dyn, request: dyn, params: dyn, namespaceObject: dyn, variables: dyn },
  authorizer: authorizerType,
};

/** Those in use; a cluster has a few. */
const mostCompiled = 1_000;

export interface Expressions {
  /** @throws ExpressionError */
  readonly evaluate: (expression: string, bindings: Bindings, budget: Budget) => Value;
}

export function createExpressions(): Expressions {
  const compiled = new Map<string, CompileOutcome>();
  return {
    evaluate: (expression, bindings, budget) => {
      const known =
        compiled.get(expression) ??
        compileRule(expression, { variables, results: [dyn], functions: authorizerFunctions });
      const [oldest] = compiled.keys();
      if (compiled.size >= mostCompiled && oldest !== undefined) compiled.delete(oldest);
      compiled.set(expression, known);
      if (known.kind === 'fault')
        throw new ExpressionError(`compilation error: compilation failed: ${known.message}`);
      const outcome = evaluate(known.rule, bindings, budget);
      if (outcome.kind === 'value') return outcome.value;
      const why = outcome.kind === 'error' ? outcome.message : 'actual cost limit exceeded';
      throw new ExpressionError(`expression '${expression}' resulted in error: ${why}`);
    },
  };
}

/** What all expressions of one request see. @param namespace null for what is in none */
export function bindingsOf(asked: Asked, decide: Authorizer, namespace: object | null): Bindings {
  const { resource, object, old } = asked;
  const review = reviewRequest('', asked, { resource, object: null, old: null }) as { request: object };
  // The objects are there under names of their own.
  const { uid: _, object: __, oldObject: ___, ...request } = review.request as Record<string, unknown>;
  return {
    object: celValue(object),
    oldObject: celValue(old),
    request: celValue(request),
    namespaceObject: celValue(namespace),
    authorizer: authorizerValue(decide, asked.user),
  };
}

export function celValue(json: unknown): Value {
  return json === null || json === undefined ? null : fromJson(json as Parameters<typeof fromJson>[0], dyn);
}

/** Those that a policy names, each evaluated when it is first read. They see those before them. */
export function lazyVariables(
  named: readonly { readonly name?: string | undefined; readonly expression?: string | undefined }[],
  read: (expression: string, before: Value) => Value,
): MapValue {
  const values = new Map<string, Value>();
  const upTo = (count: number): MapValue => ({
    kind: 'map',
    size: count,
    keys: () => named.slice(0, count).map(({ name = '' }) => name),
    get: (key) => {
      const index = named.slice(0, count).findIndex(({ name }) => name === key);
      if (index < 0) return undefined;
      const known = values.get(String(key));
      if (known !== undefined) return known;
      const value = read(named[index]?.expression ?? '', upTo(index));
      values.set(String(key), value);
      return value;
    },
  });
  return upTo(named.length);
}

export function newBudget(): Budget {
  return { left: costOfOneRequest };
}
