/** What a role allows, as it is written. (pkg/apis/rbac/validation/validation.go) Pure. */

import type { PolicyRule } from '../../apiserver/schemas/generated/types/api-rbac-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { invalidShown, required } from '../field-errors.ts';
import { inList } from '../meta/field-checks.ts';
import { showStrings } from '../meta/go-syntax.ts';

export function checkRules(
  rules: readonly PolicyRule[] | undefined,
  { isNamespaced }: { readonly isNamespaced: boolean },
): FieldError[] {
  return inList(rules, 'rules', (rule, field) => [
    ...(isNone(rule.verbs) ? [required(`${field}.verbs`, 'verbs must contain at least one value')] : []),
    ...(isNone(rule.nonResourceURLs) ? checkResources(rule, field) : checkPaths(rule, isNamespaced, field)),
  ]);
}

function checkPaths(rule: PolicyRule, isNamespaced: boolean, field: string): FieldError[] {
  const [at, shown] = [`${field}.nonResourceURLs`, showStrings(rule.nonResourceURLs)];
  const isMixed = ![rule.apiGroups, rule.resources, rule.resourceNames].every(isNone);
  const mixed = 'rules cannot apply to both regular resources and non-resource URLs';
  return [
    ...(isNamespaced ? [invalidShown(at, shown, 'namespaced rules cannot apply to non-resource URLs')] : []),
    ...(isMixed ? [invalidShown(at, shown, mixed)] : []),
  ];
}

function checkResources(rule: PolicyRule, field: string): FieldError[] {
  const noGroup = 'resource rules must supply at least one api group';
  const noResource = 'resource rules must supply at least one resource';
  return [
    ...(isNone(rule.apiGroups) ? [required(`${field}.apiGroups`, noGroup)] : []),
    ...(isNone(rule.resources) ? [required(`${field}.resources`, noResource)] : []),
  ];
}

function isNone(list: readonly string[] | undefined | null): boolean {
  return (list ?? []).length === 0;
}
