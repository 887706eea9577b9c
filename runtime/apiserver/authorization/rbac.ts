/** Decisions by roles and bindings. (plugin/pkg/auth/authorizer/rbac, pkg/registry/rbac/validation) Pure. */
import type { UserInfo } from '../authentication/user.ts';
import type { Attributes } from './attributes.ts';
import type { Authorizer, Decision } from './authorizer.ts';
import { allows, type PolicyRule } from './policy-rule.ts';
import type { AppliedBinding, RbacReader, RoleReference } from './rbac-index.ts';

export function rbacAuthorizer(reader: RbacReader): Authorizer {
  return (attributes) => decide(reader, attributes);
}

/** All rules that a user has, cluster-wide ones first, and what could not be found. */
export interface UserRules {
  readonly rules: readonly PolicyRule[];
  readonly errors: readonly string[];
}

/** @param namespace '' for the cluster-wide ones alone. */
export function rulesFor(reader: RbacReader, user: UserInfo, namespace: string): UserRules {
  const rules: PolicyRule[] = [];
  const errors: string[] = [];
  for (const { binding } of bindingsFor(reader, user, namespace)) {
    const found = referencedRules(reader, binding.role, binding.namespace);
    if (typeof found === 'string') errors.push(found);
    else rules.push(...found);
  }
  return { rules, errors };
}

/** The rules of the role that a binding is for, or why there are none. @param namespace of the binding. */
export function referencedRules(
  reader: RbacReader,
  { kind, name }: RoleReference,
  namespace: string,
): readonly PolicyRule[] | string {
  if (kind !== 'Role' && kind !== 'ClusterRole')
    return `unsupported role reference kind: ${JSON.stringify(kind)}`;
  const rules = reader.rules(kind === 'Role' ? namespace : '', name);
  const missing = `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
  return rules ?? missing;
}

/** One sentence as it is, several in brackets: as Go's aggregates of errors are written. */
export function aggregate(errors: readonly string[]): string {
  const [first = '', ...others] = [...new Set(errors)];
  return others.length === 0 ? first : `[${[first, ...others].join(', ')}]`;
}

function decide(reader: RbacReader, attributes: Attributes): Decision {
  const errors: string[] = [];
  const namespace = attributes.kind === 'resource' ? attributes.namespace : '';
  for (const applied of bindingsFor(reader, attributes.user, namespace)) {
    const { binding } = applied;
    const rules = referencedRules(reader, binding.role, binding.namespace);
    if (typeof rules === 'string') errors.push(rules);
    else if (rules.some((rule) => allows(rule, attributes))) {
      return { isAllowed: true, reason: `RBAC: allowed by ${describe(applied)}` };
    }
  }
  return { isAllowed: false, reason: errors.length === 0 ? '' : `RBAC: ${aggregate(errors)}` };
}

function bindingsFor(reader: RbacReader, user: UserInfo, namespace: string): readonly AppliedBinding[] {
  const local = namespace === '' ? [] : reader.bindings(namespace, user);
  return [...reader.bindings('', user), ...local];
}

function describe({ binding, subject }: AppliedBinding): string {
  const { name, namespace, role } = binding;
  const quote = (text: string): string => JSON.stringify(text);
  const [kind, full] =
    namespace === '' ? ['ClusterRoleBinding', name] : ['RoleBinding', `${name}/${namespace}`];
  const isAccount = subject.kind === 'ServiceAccount';
  const of = isAccount ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  return `${kind} ${quote(full)} of ${role.kind} ${quote(role.name)} to ${subject.kind} ${quote(of)}`;
}
