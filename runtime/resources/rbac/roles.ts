/** Roles and bindings, in a namespace and of the cluster. (pkg/apis/rbac, pkg/registry/rbac) Pure. */

import { pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  Role,
  RoleBinding,
} from '../../apiserver/schemas/generated/types/api-rbac-v1.ts';
import type { JsonObject } from '../../apiserver/schemas/protobuf/json-value.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { required } from '../field-errors.ts';
import { kindStrategy } from '../kind.ts';
import { inList } from '../meta/field-checks.ts';
import { checkLabelSelector } from '../meta/label-selector.ts';
import { checkBinding, fillInBinding, keepsRole } from './bindings.ts';
import { checkRules } from './rules.ts';

const flags = {
  name: pathSegment,
  countsGenerations: false,
  hasStatus: false,
  createsOnUpdate: true,
} as const;

export const roles = kindStrategy<Role>({
  ...flags,
  check: ({ rules }) => checkRules(rules, { isNamespaced: true }),
});

export const clusterRoles = kindStrategy<ClusterRole>({
  ...flags,
  check: (role) => [...checkRules(role.rules, { isNamespaced: false }), ...checkAggregation(role)],
});

export const roleBindings = kindStrategy<RoleBinding>({
  ...flags,
  fillIn: fillInBinding,
  check: (binding) => checkBinding(binding, { kinds: ['Role', 'ClusterRole'], isNamespaced: true }),
  checkUpdate: keepsRole,
});

export const clusterRoleBindings = kindStrategy<ClusterRoleBinding>({
  ...flags,
  fillIn: fillInBinding,
  check: (binding) => checkBinding(binding, { kinds: ['ClusterRole'], isNamespaced: false }),
  checkUpdate: keepsRole,
});

function checkAggregation({ aggregationRule }: ClusterRole): FieldError[] {
  if (!aggregationRule) return [];
  const selectors = aggregationRule.clusterRoleSelectors ?? [];
  const field = 'aggregationRule.clusterRoleSelectors';
  const none = 'at least one clusterRoleSelector required if aggregationRule is non-nil';
  return [
    ...(selectors.length === 0 ? [required(field, none)] : []),
    ...inList(selectors, field, (selector, at) => checkLabelSelector(selector as JsonObject, at)),
  ];
}
