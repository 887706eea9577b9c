/** The words in which the default roles and bindings are written down, and what becomes of them as objects. Pure. */
import type { ApiObject } from '../../objects/object-bytes.ts';
import { type PolicyRule, writeRule } from '../policy-rule.ts';
import type { Subject } from '../rbac-index.ts';

export interface DefaultRole {
  readonly name: string;
  /** '' for a ClusterRole. */
  readonly namespace: string;
  readonly rules: readonly PolicyRule[];
  /** Into which of admin, edit and view its rules go; null for none. */
  readonly aggregatesTo: AggregatedRole | null;
  /** A role that is nothing but what goes into it; null for one with rules. */
  readonly gathers: AggregatedRole | null;
}

export type AggregatedRole = 'admin' | 'edit' | 'view';

export interface DefaultBinding {
  readonly name: string;
  /** '' for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly role: string;
  readonly subjects: readonly Subject[];
}

/** Lists are words with blanks between; '-' is the core group. Sorted, as the real server has them. */
export function rule(verbs: string, groups: string, resources: string, names = ''): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups).map((group) => (group === '-' ? '' : group)),
    resources: words(resources),
    resourceNames: words(names),
    nonResourceURLs: [],
  };
}

export function paths(verbs: string, urls: string): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: [],
    resources: [],
    resourceNames: [],
    nonResourceURLs: words(urls),
  };
}

export const read = 'get list watch';
export const write = 'create delete deletecollection patch update';
export const readWrite = `${read} ${write}`;
export const readUpdate = `${read} patch update`;
/** Whoever does something tells of it. */
export const events = rule('create patch update', '- events.k8s.io', 'events');

export function clusterRole(
  name: string,
  rules: readonly PolicyRule[],
  aggregatesTo: AggregatedRole | null = null,
): DefaultRole {
  return { name, namespace: '', rules, aggregatesTo, gathers: null };
}

export function gatheringRole(name: AggregatedRole, aggregatesTo: AggregatedRole | null): DefaultRole {
  return { name, namespace: '', rules: [], aggregatesTo, gathers: name };
}

export function localRole(namespace: string, name: string, rules: readonly PolicyRule[]): DefaultRole {
  return { name, namespace, rules, aggregatesTo: null, gathers: null };
}

export function user(name: string): Subject {
  return { kind: 'User', name, namespace: '' };
}

export function group(name: string): Subject {
  return { kind: 'Group', name, namespace: '' };
}

export function account(name: string): Subject {
  return { kind: 'ServiceAccount', name, namespace: 'kube-system' };
}

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

/** What is ours is kept up to date, unless somebody sets the annotation to false. */
const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'true' };
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };

export function roleObject({ name, namespace, rules, aggregatesTo, gathers }: DefaultRole): ApiObject {
  const aggregation =
    gathers === null
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [gatherLabel(gathers)]: 'true' } }] } };
  const ownLabels = aggregatesTo === null ? {} : { [gatherLabel(aggregatesTo)]: 'true' };
  return {
    kind: namespace === '' ? 'ClusterRole' : 'Role',
    apiVersion,
    metadata: metadataOf(name, namespace, { ...labels, ...ownLabels }),
    ...aggregation,
    rules: gathers === null ? rules.map(writeRule) : null,
  };
}

export function bindingObject({ name, namespace, role, subjects }: DefaultBinding): ApiObject {
  const isLocal = namespace !== '';
  const written = subjects.map((subject) =>
    subject.kind === 'ServiceAccount'
      ? { kind: subject.kind, name: subject.name, namespace: subject.namespace }
      : { kind: subject.kind, apiGroup, name: subject.name },
  );
  return {
    kind: isLocal ? 'RoleBinding' : 'ClusterRoleBinding',
    apiVersion,
    metadata: metadataOf(name, namespace, labels),
    ...(written.length === 0 ? {} : { subjects: written }),
    roleRef: { apiGroup, kind: isLocal ? 'Role' : 'ClusterRole', name: role },
  };
}

function metadataOf(
  name: string,
  namespace: string,
  ownLabels: Readonly<Record<string, string>>,
): ApiObject['metadata'] {
  return { name, ...(namespace === '' ? {} : { namespace }), labels: ownLabels, annotations };
}

function gatherLabel(role: AggregatedRole): string {
  return `${apiGroup}/aggregate-to-${role}`;
}

function words(text: string): readonly string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .sort();
}
