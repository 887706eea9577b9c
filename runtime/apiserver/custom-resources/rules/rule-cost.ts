/** What a rule of a schema may cost at most, and its message. (k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/compilation.go) Pure. */
import { mostCost } from '../../cel/cost.ts';
import { bool, optionalOf, string } from '../../cel/types.ts';
import type { ValidationRule } from '../../schemas/generated/types/apiextensions-v1.ts';
import type { Schema } from '../schema/schema.ts';
import { extentOfSchema } from './schema-extent.ts';
import { typeOfSchema } from './schema-type.ts';

export interface RuleCost {
  /** Asked once. */
  readonly rule: number;
  readonly message: number;
}

/** 0 of what cannot be read, which is refused in other words. @param place where it stands */
export function costOfRule(rule: ValidationRule, place: Schema, isRoot: boolean): RuleCost {
  const [type, extent] = [typeOfSchema(place, isRoot), extentOfSchema(place, isRoot)];
  if (type === null || extent === null) return { rule: 0, message: 0 };
  const oldSelf = rule.optionalOldSelf === true ? optionalOf(type) : type;
  const variables = { self: type, oldSelf };
  const extents = { self: extent, oldSelf: extent };
  const message = (rule.messageExpression ?? '').trim();
  return {
    rule: mostCost(rule.rule.trim(), { variables, results: [bool] }, extents) ?? 0,
    message: message === '' ? 0 : (mostCost(message, { variables, results: [string] }, extents) ?? 0),
  };
}
