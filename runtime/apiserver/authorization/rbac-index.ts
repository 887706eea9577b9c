/**
 * Roles and bindings as a decision needs them: bindings by whom they are for, since there may be ten thousand of them and
 * a user is in a few. Whoever watches the objects tells it of each change. Pure but for what it remembers.
 */
import type { UserInfo } from '../authentication/user.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { listAt, stringAt } from '../objects/read-path.ts';
import { type PolicyRule, rulesOf } from './policy-rule.ts';

export interface Subject {
  readonly kind: string;
  readonly name: string;
  /** Of a service account; '' where the binding leaves it open. */
  readonly namespace: string;
}

export interface RoleReference {
  readonly kind: string;
  readonly name: string;
}

export interface Binding {
  readonly name: string;
  /** '' for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly role: RoleReference;
  readonly subjects: readonly Subject[];
}

/** A binding, and the first of its subjects that is the user. */
export interface AppliedBinding {
  readonly binding: Binding;
  readonly subject: Subject;
}

/** What decisions read. */
export interface RbacReader {
  /** Null where there is no such role. @param namespace '' for a ClusterRole. */
  readonly rules: (namespace: string, name: string) => readonly PolicyRule[] | null;
  /** Sorted by name. @param namespace '' for ClusterRoleBindings. */
  readonly bindings: (namespace: string, user: UserInfo) => readonly AppliedBinding[];
}

export type RbacKind = 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';

export interface RbacIndex extends RbacReader {
  /** An object that is new or has changed. Other kinds are passed over. */
  readonly put: (object: ApiObject) => void;
  readonly remove: (kind: RbacKind, namespace: string, name: string) => void;
}

export function createRbacIndex(): RbacIndex {
  const roles = new Map<string, readonly PolicyRule[]>();
  const bindings = new Map<string, Binding>();
  const bySubject = new Map<string, Map<string, Binding>>();
  const removeBinding = (place: string): void => {
    const old = bindings.get(place);
    bindings.delete(place);
    for (const key of old === undefined ? [] : subjectKeys(old)) {
      const named = bySubject.get(key);
      named?.delete(place);
      if (named?.size === 0) bySubject.delete(key);
    }
  };
  const putBinding = (place: string, binding: Binding): void => {
    removeBinding(place);
    bindings.set(place, binding);
    for (const key of subjectKeys(binding)) {
      const named = bySubject.get(key) ?? new Map<string, Binding>();
      bySubject.set(key, named.set(place, binding));
    }
  };
  return {
    rules: (namespace, name) => roles.get(placeOf(namespace, name)) ?? null,
    bindings: (namespace, user) => {
      const found = new Map<string, Binding>();
      for (const key of userKeys(namespace, user)) {
        for (const [place, binding] of bySubject.get(key) ?? []) found.set(place, binding);
      }
      return [...found.values()].sort(byName).flatMap((binding) => {
        const subject = binding.subjects.find((one) => isUser(one, user, namespace));
        return subject === undefined ? [] : [{ binding, subject }];
      });
    },
    put: (object) => {
      const { name = '', namespace = '' } = object.metadata;
      const place = placeOf(namespace, name);
      if (object.kind === 'Role' || object.kind === 'ClusterRole') roles.set(place, rulesOf(object));
      else if (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding') {
        putBinding(place, readBinding(object));
      }
    },
    remove: (kind, namespace, name) => {
      const place = placeOf(namespace, name);
      if (kind === 'Role' || kind === 'ClusterRole') roles.delete(place);
      else removeBinding(place);
    },
  };
}

export function readBinding(object: ApiObject): Binding {
  const { name = '', namespace = '' } = object.metadata;
  return {
    name,
    namespace,
    role: { kind: stringAt(object, 'roleRef', 'kind'), name: stringAt(object, 'roleRef', 'name') },
    subjects: listAt(object, 'subjects').map((subject) => ({
      kind: stringAt(subject, 'kind'),
      name: stringAt(subject, 'name'),
      namespace: stringAt(subject, 'namespace'),
    })),
  };
}

/** Names of roles may have colons, those of namespaces may not have a slash. */
function placeOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Under which a binding is found: its namespace, and each of its subjects by the name that a user has. */
function subjectKeys({ namespace, subjects }: Binding): readonly string[] {
  return subjects.flatMap((subject) => {
    const name = userNameOf(subject, namespace);
    if (name !== null) return [`${namespace}/user/${name}`];
    return subject.kind === 'Group' ? [`${namespace}/group/${subject.name}`] : [];
  });
}

function userKeys(namespace: string, { name, groups }: UserInfo): readonly string[] {
  return [`${namespace}/user/${name}`, ...groups.map((group) => `${namespace}/group/${group}`)];
}

function isUser(subject: Subject, user: UserInfo, namespace: string): boolean {
  if (subject.kind === 'Group') return user.groups.includes(subject.name);
  return userNameOf(subject, namespace) === user.name;
}

/** Null for a group, and for a service account of no namespace. */
function userNameOf(subject: Subject, bindingNamespace: string): string | null {
  if (subject.kind === 'User') return subject.name;
  const namespace = subject.namespace === '' ? bindingNamespace : subject.namespace;
  if (subject.kind !== 'ServiceAccount' || namespace === '') return null;
  return `system:serviceaccount:${namespace}:${subject.name}`;
}

function byName(left: Binding, right: Binding): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
