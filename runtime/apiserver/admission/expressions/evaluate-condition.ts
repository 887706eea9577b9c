/** Conditions of webhooks, in CEL. */
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { EvaluateCondition } from '../webhooks/conditions.ts';
import { bindingsOf, createExpressions, newBudget } from './expressions.ts';

/** @param authorizer resolves when this node knows the rules */
export function celConditions(authorizer: () => Promise<Authorizer>): EvaluateCondition {
  const expressions = createExpressions();
  return async (expression, asked) => {
    const bindings = bindingsOf(asked, await authorizer(), null);
    return expressions.evaluate(expression, bindings, newBudget()) === true;
  };
}
