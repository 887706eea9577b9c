/** Which objects a policy is about. (pkg/apis/admissionregistration) Pure. */
import type { MatchResources } from '../../apiserver/schemas/generated/types/api-admissionregistration-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { required } from '../field-errors.ts';
import { checkOneOf, inList } from '../meta/field-checks.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkNamedRule, fillInRule } from './rules.ts';

export function fillInMatch(match: MatchResources): MatchResources {
  const { resourceRules, excludeResourceRules } = match;
  return {
    ...match,
    matchPolicy: match.matchPolicy ?? 'Equivalent',
    namespaceSelector: match.namespaceSelector ?? {},
    objectSelector: match.objectSelector ?? {},
    ...(resourceRules ? { resourceRules: resourceRules.map(fillInRule) } : {}),
    ...(excludeResourceRules ? { excludeResourceRules: excludeResourceRules.map(fillInRule) } : {}),
  };
}

export function checkMatch(match: MatchResources, field: string): FieldError[] {
  const { matchPolicy, resourceRules, excludeResourceRules } = match;
  const policy = `${field}.matchPolicy`;
  return [
    ...((matchPolicy ?? null) === null
      ? [required(policy)]
      : checkOneOf(matchPolicy, policy, ['Equivalent', 'Exact'])),
    ...(['namespaceSelector', 'objectSelector'] as const).flatMap((name) => {
      const selector = match[name];
      if (!selector) return [required(`${field}.${name}`)];
      return checkLabelSelector(selector as JsonObject, `${field}.${name}`);
    }),
    ...inList(resourceRules, `${field}.resourceRules`, checkNamedRule),
    ...inList(excludeResourceRules, `${field}.excludeResourceRules`, checkNamedRule),
  ];
}
