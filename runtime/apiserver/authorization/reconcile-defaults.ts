/**
 * What is to be done about a default role or binding at the server's start: what is missing is added, what people have
 * added stays, and what they have marked stays as it is. (k8s.io/component-helpers/auth/rbac/reconciliation) Pure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ApiObject } from '../objects/object-bytes.ts';
import { listAt, objectAt, stringAt } from '../objects/read-path.ts';
import { missingRules } from './covers.ts';
import { rulesOf, writeRule } from './policy-rule.ts';

export type Reconciliation =
  | { readonly kind: 'none' }
  | { readonly kind: 'create' | 'update'; readonly object: ApiObject }
  /** What a binding is for cannot be changed: it is deleted, by its UID, and made anew. */
  | { readonly kind: 'recreate'; readonly object: ApiObject; readonly uid: string };

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** @param existing null where there is none. */
export function reconcileDefault(existing: ApiObject | null, wanted: ApiObject): Reconciliation {
  if (existing === null) return { kind: 'create', object: wanted };
  if (stringAt(existing, 'metadata', 'annotations', autoUpdate) === 'false') return { kind: 'none' };
  const isRole = wanted.kind === 'Role' || wanted.kind === 'ClusterRole';
  if (!isRole && !hasSameRole(existing, wanted)) {
    return { kind: 'recreate', object: wanted, uid: existing.metadata.uid ?? '' };
  }
  const completed = isRole ? withRules(existing, wanted) : withSubjects(existing, wanted);
  const object = { ...completed, metadata: withTexts(existing, wanted) };
  return isDeepStrictEqual(object, existing) ? { kind: 'none' } : { kind: 'update', object };
}

/** Labels and annotations that people have set stay. */
function withTexts(existing: ApiObject, wanted: ApiObject): ApiObject['metadata'] {
  const merged = (field: string): Readonly<Record<string, unknown>> => {
    const texts = { ...objectAt(wanted.metadata, field), ...objectAt(existing.metadata, field) };
    return Object.keys(texts).length === 0 ? {} : { [field]: texts };
  };
  return { ...existing.metadata, ...merged('labels'), ...merged('annotations') };
}

function withRules(existing: ApiObject, wanted: ApiObject): ApiObject {
  const missing = missingRules(rulesOf(existing), rulesOf(wanted));
  const rules = [...listAt(existing, 'rules'), ...missing.map(writeRule)];
  const completed = missing.length === 0 ? existing : { ...existing, rules };
  return withSelectors(completed, wanted);
}

/** A role that is no longer to gather others does not. */
function withSelectors(existing: ApiObject, wanted: ApiObject): ApiObject {
  const own = listAt(existing, 'aggregationRule', 'clusterRoleSelectors');
  const expected = listAt(wanted, 'aggregationRule', 'clusterRoleSelectors');
  const { aggregationRule, ...others } = existing;
  if (expected.length === 0) return aggregationRule === undefined ? existing : (others as ApiObject);
  const missing = expected.filter((selector) => !own.some((one) => isDeepStrictEqual(one, selector)));
  if (missing.length === 0) return existing;
  return { ...existing, aggregationRule: { clusterRoleSelectors: [...own, ...missing] } };
}

function withSubjects(existing: ApiObject, wanted: ApiObject): ApiObject {
  const own = listAt(existing, 'subjects');
  const missing = listAt(wanted, 'subjects').filter(
    (subject) => !own.some((one) => isDeepStrictEqual(one, subject)),
  );
  return missing.length === 0 ? existing : { ...existing, subjects: [...own, ...missing] };
}

function hasSameRole(existing: ApiObject, wanted: ApiObject): boolean {
  return ['apiGroup', 'kind', 'name'].every(
    (field) => stringAt(existing, 'roleRef', field) === stringAt(wanted, 'roleRef', field),
  );
}
