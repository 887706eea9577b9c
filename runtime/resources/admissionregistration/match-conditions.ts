/** Conditions in CEL under which admission is asked at all; the expressions themselves are read elsewhere. Pure. */
import { labelKey } from '../../apiserver/objects/name-rules.ts';
import type { MatchCondition } from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { tooMany } from '../field-errors.ts';
import { checkFilled, checkFilledName, checkUnique, inList, when } from '../meta/field-checks.ts';

const mostConditions = 64;

export function checkMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  field: string,
): FieldError[] {
  const count = (conditions ?? []).length;
  const named = (conditions ?? []).filter(({ name }) => (name ?? '') !== '');
  return [
    ...when(count > mostConditions, tooMany(field, count, mostConditions)),
    ...inList(conditions, field, ({ name, expression }, at) => [
      ...checkFilled((expression ?? '').trim(), `${at}.expression`),
      ...checkFilledName(labelKey, name, `${at}.name`),
    ]),
    ...(named.length === count ? checkUnique(conditions, field, ({ name }) => name, '.name') : []),
  ];
}
