/** When a job with indexes is done before all of it is. (pkg/apis/batch/validation/validation.go) Pure. */

import type {
  JobSpec,
  SuccessPolicy,
  SuccessPolicyRule,
} from '../../apiserver/schemas/generated/types/api-batch-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { notBelowZero } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, invalidValue, required, tooLong, tooMany } from '../field-errors.ts';
import { inList } from '../meta/field-checks.ts';
import { countIndexes } from './index-intervals.ts';

const mostRules = 20;
const longestIndexes = 64 * 1024;

export function checkSuccessPolicy(policy: SuccessPolicy, spec: JobSpec, field: string): FieldError[] {
  if (spec.completionMode !== 'Indexed')
    return [invalidShown(field, goText(policy), 'requires indexed completion mode')];
  const rules = policy.rules ?? [];
  const none = 'at least one rules must be specified when the successPolicy is specified';
  return [
    ...(rules.length === 0 ? [required(`${field}.rules`, none)] : []),
    ...(rules.length > mostRules ? [tooMany(`${field}.rules`, rules.length, mostRules)] : []),
    ...inList(rules, `${field}.rules`, (rule, at) => checkRule(rule, spec.completions ?? 0, at)),
  ];
}

function checkRule(rule: SuccessPolicyRule, completions: number, field: string): FieldError[] {
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  const hasIndexes = indexes !== undefined && indexes !== null;
  const hasCount = count !== undefined && count !== null;
  const counted = hasIndexes ? countIndexes(indexes, completions) : 0;
  const [ofIndexes, ofCount] = [`${field}.succeededIndexes`, `${field}.succeededCount`];
  const none = 'at least one of succeededCount or succeededIndexes must be specified';
  const total = typeof counted === 'string' ? 0 : counted;
  const atMost = (most: number, what: string): FieldError[] =>
    hasCount && count > most
      ? [invalidValue(ofCount, count, `must be less than or equal to ${most} (the number of ${what})`)]
      : [];
  return [
    ...(hasIndexes || hasCount ? [] : [required(field, none)]),
    ...(hasIndexes && indexes.length > longestIndexes ? [tooLong(ofIndexes, longestIndexes)] : []),
    ...(typeof counted === 'string'
      ? [invalidValue(ofIndexes, indexes, `error parsing succeededIndexes: ${counted}`)]
      : []),
    ...notBelowZero(count, ofCount),
    ...atMost(completions, 'specified completions'),
    ...(hasIndexes ? atMost(total, 'indexes in the specified succeededIndexes field') : []),
  ];
}
