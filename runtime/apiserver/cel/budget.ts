/** What an expression may still cost. A step costs 1, and ten characters or items that are looked at do. Pure. */

export interface Budget {
  left: number;
}

/** Nothing in an expression can catch it. */
export class BudgetError extends Error {
  override readonly name = 'BudgetError';
}

export function spend(budget: Budget, steps: number): void {
  budget.left -= steps;
  if (budget.left < 0) throw new BudgetError('operation cancelled: actual cost limit exceeded');
}

/** For so many characters, bytes or items. */
export function spendFor(budget: Budget, length: number): void {
  spend(budget, Math.ceil(length / 10));
}

/** What an expression's own values do not allow, such as a division by zero; `&&` and `||` may do without that side. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
}
