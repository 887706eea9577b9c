/** Users and RBAC objects for tests, in few words. */
import type { UserInfo } from '../../authentication/user.ts';
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { FieldSelector } from '../../selectors/field-selector.ts';
import type { NonResourceAttributes, ResourceAttributes } from '../attributes.ts';
import { createRbacIndex, type RbacIndex } from '../rbac-index.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

export function makeUser(name: string, groups: readonly string[] = []): UserInfo {
  return { name, uid: '', groups, extra: {} };
}

/** @param where `VERB GROUP/RESOURCE/SUBRESOURCE NAMESPACE NAME`; `-` for nothing. */
export function asks(user: UserInfo, where: string, fields: FieldSelector = []): ResourceAttributes {
  const [verb = '', path = '', namespace = '-', name = '-'] = where.split(' ');
  const [group = '', resource = '', ...rest] = path.split('/');
  const word = (text: string): string => (text === '-' ? '' : text);
  return {
    ...{ kind: 'resource', user, verb, group: word(group), version: 'v1', resource },
    ...{ subresource: rest.join('/'), namespace: word(namespace), name: word(name), fields },
  };
}

export function asksPath(user: UserInfo, verb: string, path: string): NonResourceAttributes {
  return { kind: 'nonResource', user, verb, path };
}

/** @param rules each `VERBS GROUPS RESOURCES NAMES`, lists with commas; `VERBS PATHS` where the second begins with `/` or is `url*`. */
export function makeRole(namespace: string, name: string, ...rules: readonly string[]): ApiObject {
  return {
    kind: namespace === '' ? 'ClusterRole' : 'Role',
    apiVersion,
    metadata: { name, ...(namespace === '' ? {} : { namespace }) },
    rules: rules.map(makeRule),
  };
}

/** @param role `KIND/NAME`. @param subjects each `KIND/NAME`, or `ServiceAccount/NAMESPACE/NAME`. */
export function makeBinding(
  namespace: string,
  name: string,
  role: string,
  ...subjects: readonly string[]
): ApiObject {
  const [kind, ...rest] = role.split('/');
  return {
    kind: namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding',
    apiVersion,
    metadata: { name, ...(namespace === '' ? {} : { namespace }), uid: `uid-of-${name}` },
    subjects: subjects.map(makeSubject),
    roleRef: { apiGroup, kind, name: rest.join('/') },
  };
}

export function indexOf(...objects: readonly ApiObject[]): RbacIndex {
  const index = createRbacIndex();
  for (const object of objects) index.put(object);
  return index;
}

function makeRule(text: string): Readonly<Record<string, readonly string[]>> {
  const [verbs = '', second = '', resources = '', names = ''] = text.split(' ');
  const list = (words: string): readonly string[] =>
    words.split(',').map((word) => (word === '-' ? '' : word));
  if (second.startsWith('/') || second === 'url*') {
    return { verbs: list(verbs), nonResourceURLs: list(second === 'url*' ? '*' : second) };
  }
  const resourceNames = names === '' ? {} : { resourceNames: list(names) };
  return { verbs: list(verbs), apiGroups: list(second), resources: list(resources), ...resourceNames };
}

function makeSubject(text: string): Readonly<Record<string, string>> {
  const [kind = '', ...rest] = text.split('/');
  if (kind !== 'ServiceAccount') return { kind, apiGroup, name: rest.join('/') };
  const [namespace = '', name = ''] = rest;
  return { kind, ...(namespace === '' ? {} : { namespace }), name };
}
