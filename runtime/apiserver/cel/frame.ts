/** Where an expression that runs has its values. */
import type { Budget } from './budget.ts';
import type { Value } from './values.ts';

export interface Frame {
  /** By the places that names got when they were compiled; undefined: not given. */
  readonly slots: (Value | undefined)[];
  readonly budget: Budget;
}

/** A part of an expression. Throws `EvaluationError`, `BudgetError`. */
export type Step = (frame: Frame) => Value;
