/**
 * Nobody gives away rights that they do not have: checked whenever a role or a binding is created or changed.
 * (pkg/registry/rbac) Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { UserInfo } from '../authentication/user.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { listAt } from '../objects/read-path.ts';
import { type ApiError, forbidden, notFound } from '../status.ts';
import type { ResourceAttributes } from './attributes.ts';
import { type Authorizer, isMaster } from './authorizer.ts';
import { compactRules, describeRule, missingRules } from './covers.ts';
import { type PolicyRule, rulesOf } from './policy-rule.ts';
import { aggregate, referencedRules, rulesFor } from './rbac.ts';
import { type RbacReader, readBinding } from './rbac-index.ts';

export interface EscalationContext {
  readonly user: UserInfo;
  readonly reader: RbacReader;
  readonly authorizer: Authorizer;
}

const group = 'rbac.authorization.k8s.io';
const everything: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [], nonResourceURLs: [] },
  { verbs: ['*'], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: ['*'] },
];

/**
 * What is wrong with a Role, ClusterRole, RoleBinding or ClusterRoleBinding that this user wants to write; null where
 * nothing is.
 * @param namespace of the request; '' for cluster-wide ones. @param old null for a new one.
 */
export function checkEscalation(
  context: EscalationContext,
  namespace: string,
  next: ApiObject,
  old: ApiObject | null,
): ApiError | null {
  if (isMaster(context.user) || (old !== null && isForCollector(next, old))) return null;
  switch (next.kind) {
    case 'Role':
      return checkRole(context, namespace, next, old);
    case 'ClusterRole':
      return checkRole(context, '', next, old);
    case 'RoleBinding':
      return checkBinding(context, namespace, next, 'rolebindings');
    case 'ClusterRoleBinding':
      return checkBinding(context, '', next, 'clusterrolebindings');
    default:
      return null;
  }
}

/** What garbage collection has to change is nobody's right to give away. */
function isForCollector(next: ApiObject, old: ApiObject): boolean {
  const rest = ({ metadata, ...others }: ApiObject): unknown => {
    const { finalizers, ownerReferences, managedFields, resourceVersion, ...kept } = metadata;
    return { ...others, metadata: kept };
  };
  return isDeepStrictEqual(rest(next), rest(old));
}

function checkRole(
  context: EscalationContext,
  namespace: string,
  role: ApiObject,
  old: ApiObject | null,
): ApiError | null {
  const name = role.metadata.name ?? '';
  const resource = role.kind === 'Role' ? 'roles' : 'clusterroles';
  // A request that creates names nothing, so that a rule for some names does not allow it.
  if (isAllowed(context, 'escalate', { namespace, resource, name: old === null ? '' : name })) return null;
  const why = missingRights(context, namespace, rulesOf(role));
  if (why !== null) return forbidden({ group, resource }, name, why);
  // What a role gathers by labels may become anything.
  const isGatherer = gathers(role) || (old !== null && gathers(old));
  if (!isGatherer || missingRights(context, '', everything) === null) return null;
  return forbidden(
    { group, resource },
    name,
    'must have cluster-admin privileges to use the aggregationRule',
  );
}

function gathers(role: ApiObject): boolean {
  return listAt(role, 'aggregationRule', 'clusterRoleSelectors').length > 0;
}

function checkBinding(
  context: EscalationContext,
  namespace: string,
  object: ApiObject,
  resource: string,
): ApiError | null {
  const { role, name } = readBinding(object);
  const roleResource = role.kind === 'Role' ? 'roles' : 'clusterroles';
  if (isAllowed(context, 'bind', { namespace, resource: roleResource, name: role.name })) return null;
  const rules = referencedRules(context.reader, role, namespace);
  // Whoever may bind anything has come by; others learn that the role is not there.
  if (typeof rules === 'string') return notFound({ group, resource: roleResource }, role.name);
  const why = missingRights(context, namespace, rules);
  return why === null ? null : forbidden({ group, resource }, name, why);
}

function missingRights(
  { user, reader }: EscalationContext,
  namespace: string,
  wanted: readonly PolicyRule[],
): string | null {
  const owned = rulesFor(reader, user, namespace);
  const missing = missingRules(owned.rules, wanted);
  if (missing.length === 0) return null;
  const lines = [...new Set(compactRules(missing).map(describeRule))].sort();
  const groups = user.groups.map((one) => JSON.stringify(one)).join(' ');
  const start = `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:`;
  const errors = owned.errors.length === 0 ? '' : `; resolution errors: [${aggregate(owned.errors)}]`;
  return `${start}\n${lines.join('\n')}${errors}`;
}

interface Target {
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
}

function isAllowed({ user, authorizer }: EscalationContext, verb: string, target: Target): boolean {
  const attributes: ResourceAttributes = {
    ...{ kind: 'resource', user, verb, group, version: '*', subresource: '', fields: [] },
    ...target,
  };
  return authorizer(attributes).isAllowed;
}
