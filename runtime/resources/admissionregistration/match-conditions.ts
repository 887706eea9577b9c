/** Conditions in CEL under which admission is asked at all; Pure. */
import { bool } from '../../apiserver/cel/types.ts';
import { labelKey } from '../../apiserver/objects/name-rules.ts';
import type { MatchCondition } from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { tooMany } from '../field-errors.ts';
import { checkFilled, checkFilledName, checkUnique, inList, when } from '../meta/field-checks.ts';
import { checkExpression } from './expressions.ts';

const mostConditions = 64;

export function checkMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  field: string,
  { hasParams }: { readonly hasParams: boolean },
): FieldError[] {
  const count = (conditions ?? []).length;
  const named = (conditions ?? []).filter(({ name }) => (name ?? '') !== '');
  return [
    ...when(count > mostConditions, tooMany(field, count, mostConditions)),
    ...inList(conditions, field, ({ name, expression }, at) => [
      ...checkFilled((expression ?? '').trim(), `${at}.expression`),
      ...checkExpression(expression ?? '', `${at}.expression`, { hasParams, hasAuthorizer: true }, [bool]),
      ...checkFilledName(labelKey, name, `${at}.name`),
    ]),
    ...(named.length === count ? checkUnique(conditions, field, ({ name }) => name, '.name') : []),
  ];
}
