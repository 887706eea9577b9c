/** Rules of roles, and whether one allows what is asked. (pkg/apis/rbac/v1/evaluation_helpers.go) Pure. */
import type { ApiObject } from '../objects/object-bytes.ts';
import { listAt, stringsAt } from '../objects/read-path.ts';
import type { Attributes } from './attributes.ts';

/** `rbac/v1.PolicyRule`; a list that is empty stands for one that is not there. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** Empty for objects of all names. */
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

/** The rules of a Role or a ClusterRole. */
export function rulesOf(role: ApiObject): readonly PolicyRule[] {
  return listAt(role, 'rules').map((rule) => ({
    verbs: stringsAt(rule, 'verbs'),
    apiGroups: stringsAt(rule, 'apiGroups'),
    resources: stringsAt(rule, 'resources'),
    resourceNames: stringsAt(rule, 'resourceNames'),
    nonResourceURLs: stringsAt(rule, 'nonResourceURLs'),
  }));
}

/** As an object has it: without lists that are empty. */
export function writeRule(rule: PolicyRule): Readonly<Record<string, readonly string[]>> {
  const { verbs, apiGroups, resources, resourceNames, nonResourceURLs } = rule;
  const entries = Object.entries({ apiGroups, nonResourceURLs, resourceNames, resources });
  return { ...Object.fromEntries(entries.filter(([, list]) => list.length > 0)), verbs };
}

export function allows(rule: PolicyRule, attributes: Attributes): boolean {
  const { verbs } = rule;
  if (!verbs.includes('*') && !verbs.includes(attributes.verb)) return false;
  if (attributes.kind === 'nonResource') {
    return rule.nonResourceURLs.some((pattern) => coversPath(pattern, attributes.path));
  }
  const { group, resource, subresource, name } = attributes;
  return (
    (rule.apiGroups.includes('*') || rule.apiGroups.includes(group)) &&
    hasResource(rule.resources, resource, subresource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** Only a star at the end of a pattern stands for more than itself. */
export function coversPath(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''));
}

/** A star is every resource with its subresources; a star before a slash is that subresource of each. */
function hasResource(resources: readonly string[], resource: string, subresource: string): boolean {
  if (resources.includes('*')) return true;
  if (subresource === '') return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}
