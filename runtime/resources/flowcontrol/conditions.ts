/** Conditions of flow schemas and priority levels: each type once. Pure. */
import type { FieldError } from '../../apiserver/status.ts';
import { checkFilled, checkUnique, inList } from '../meta/field-checks.ts';

interface Condition {
  readonly type?: string | undefined;
}

export function checkTypes(conditions: readonly Condition[] | undefined): FieldError[] {
  const field = 'status.conditions';
  return [
    ...checkUnique(conditions, field, ({ type }) => type ?? '', '.type'),
    ...inList(conditions, field, ({ type }, at) => checkFilled(type, `${at}.type`, 'must not be empty')),
  ];
}
