/** What a policy says of one request with one object of parameters. */
import type { Budget } from '../../cel/budget.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../schemas/generated/types/api-admissionregistration-v1.ts';
import {
  type Bindings,
  ExpressionError,
  type Expressions,
  lazyVariables,
} from '../expressions/expressions.ts';

export interface Said {
  readonly reason: string;
  readonly message: string;
  /** Of the validation. */
  readonly index: number;
}

export interface Complaint extends Said {
  readonly policy: ValidatingAdmissionPolicy;
  readonly binding: ValidatingAdmissionPolicyBinding;
}

const longestMessage = 5 * 1024;
const longestAnnotation = 10 * 1024;

export interface Surroundings {
  readonly budget: Budget;
  readonly annotate: (key: string, value: string) => void;
}

export function decide(
  expressions: Expressions,
  { spec, metadata }: ValidatingAdmissionPolicy,
  given: Bindings,
  { budget, annotate }: Surroundings,
): readonly Said[] {
  const isStrict = spec?.failurePolicy !== 'Ignore';
  const variables = lazyVariables(spec?.variables ?? [], (expression, before) =>
    expressions.evaluate(expression, { ...given, variables: before }, budget),
  );
  const bindings = { ...given, variables };
  const attempt = (expression: string): Attempt => attemptAt(expressions, expression, bindings, budget);
  for (const { expression = '' } of spec?.matchConditions ?? []) {
    const outcome = attempt(expression);
    if (outcome.kind === 'failed')
      return isStrict ? [{ reason: 'Invalid', message: outcome.why, index: 0 }] : [];
    if (outcome.value !== true) return [];
  }
  for (const { key, valueExpression = '' } of spec?.auditAnnotations ?? []) {
    const outcome = attempt(valueExpression);
    if (outcome.kind === 'failed' && isStrict) return [{ reason: 'Invalid', message: outcome.why, index: 0 }];
    const value = outcome.kind === 'value' && typeof outcome.value === 'string' ? outcome.value : '';
    if (value !== '') annotate(`${metadata?.name}/${key}`, value.slice(0, longestAnnotation));
  }
  return (spec?.validations ?? []).flatMap((validation, index) => {
    const outcome = attempt(validation.expression ?? '');
    if (outcome.kind === 'failed')
      return isStrict ? [{ reason: 'Invalid', message: outcome.why, index }] : [];
    if (outcome.value === true) return [];
    return [{ reason: validation.reason ?? 'Invalid', message: messageOf(validation, attempt), index }];
  });
}

type Attempt =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly why: string };

function attemptAt(
  expressions: Expressions,
  expression: string,
  bindings: Bindings,
  budget: Budget,
): Attempt {
  try {
    return { kind: 'value', value: expressions.evaluate(expression, bindings, budget) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { kind: 'failed', why: error.message };
  }
}

/** A message that cannot be made, or cannot be shown, is done without. */
function messageOf(
  { expression = '', message = '', messageExpression = '' }: Validation,
  attempt: (expression: string) => Attempt,
): string {
  const made = messageExpression === '' ? null : attempt(messageExpression);
  const text = made?.kind === 'value' && typeof made.value === 'string' ? made.value.trim() : '';
  if (text !== '' && text.length <= longestMessage && !text.includes('\n')) return text;
  return message.trim() === '' ? `failed expression: ${expression.trim()}` : message.trim();
}
