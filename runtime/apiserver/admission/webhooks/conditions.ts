/** Conditions in CEL by which a webhook narrows down what it is asked about. */
import type { MatchCondition } from '../../schemas/generated/types/api-admissionregistration-v1.ts';
import type { Asked } from '../plugin.ts';

/** Whether it holds; rejects, or throws, where it cannot be told. */
export type EvaluateCondition = (expression: string, asked: Asked) => Promise<boolean> | boolean;

export type Outcome =
  | { readonly kind: 'all' }
  | { readonly kind: 'not' }
  | { readonly kind: 'failed'; readonly why: string };

/** One that does not hold settles it, whatever is wrong with the others. */
export async function checkConditions(
  conditions: readonly MatchCondition[],
  asked: Asked,
  evaluate: EvaluateCondition,
): Promise<Outcome> {
  const failures: string[] = [];
  for (const { expression = '' } of conditions) {
    try {
      if (!(await evaluate(expression, asked))) return { kind: 'not' };
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  return failures.length === 0 ? { kind: 'all' } : { kind: 'failed', why: failures.join(', ') };
}
