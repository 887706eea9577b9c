/** Field selectors of a resource: whether it knows the fields, and whether an object has the values. Pure. */
import type { Resource } from '../resources/resource.ts';
import { type FieldSelector, matchesFields } from '../selectors/field-selector.ts';
import { ApiError } from '../status.ts';
import { type FieldRules, specialRules, usualRules } from './known-fields.ts';

type Named = Pick<Resource, 'group' | 'resource'>;

/** Throws `ApiError` (400) with the real server's sentence, where the resource does not know a field. */
export function checkFields({ fields, refusal }: FieldRules, selector: FieldSelector): void {
  const unknown = selector.find(({ field }) => !Object.hasOwn(fields, field));
  if (unknown !== undefined) throw new ApiError('BadRequest', refusal(unknown.field));
}

/** @param selector that `checkFields` has passed. @param object as it is stored. */
export function hasFields({ fields }: FieldRules, selector: FieldSelector, object: unknown): boolean {
  return matchesFields(selector, (field) => (Object.hasOwn(fields, field) ? fields[field]!(object) : ''));
}

export function fieldRulesOf({ group, resource }: Named): FieldRules {
  return specialRules.get(`${group}/${resource}`) ?? usualRules;
}
