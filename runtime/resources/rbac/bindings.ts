/** Who has a role. (pkg/apis/rbac/validation/validation.go, pkg/apis/rbac/v1/defaults.go) Pure. */

import { dnsSubdomain, pathSegment } from '../../apiserver/objects/name-rules.ts';
import type {
  ClusterRoleBinding,
  RoleRef,
  Subject,
} from '../../apiserver/schemas/generated/types/api-rbac-v1.ts';
import type { FieldError } from '../../apiserver/status.ts';
import { isSame } from '../checks/fields.ts';
import { goText } from '../checks/go-syntax.ts';
import { invalidShown, notSupported, required } from '../field-errors.ts';
import { checkFilledName, checkName, inList } from '../meta/field-checks.ts';
import { each, withChanged, withDefaults } from '../meta/fill-in.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

/** Both kinds of bindings have the same fields. */
type Binding = Pick<ClusterRoleBinding, 'roleRef' | 'subjects'>;

export function fillInBinding<T extends Binding>(binding: T): T {
  const changes = {
    roleRef: (ref: RoleRef) => withDefaults(ref, { apiGroup: rbacGroup }),
    subjects: each<Subject>((subject) =>
      subject.kind === 'User' || subject.kind === 'Group'
        ? withDefaults(subject, { apiGroup: rbacGroup })
        : subject,
    ),
  };
  return withChanged<Binding>(binding, changes) as T;
}

/** @param kinds of roles that can be bound. */
export function checkBinding(
  { roleRef, subjects }: Binding,
  { kinds, isNamespaced }: { readonly kinds: readonly string[]; readonly isNamespaced: boolean },
): FieldError[] {
  const { apiGroup = '', kind = '', name } = roleRef ?? {};
  return [
    ...(apiGroup === rbacGroup ? [] : [notSupported('roleRef.apiGroup', apiGroup, [rbacGroup])]),
    ...(kinds.includes(kind) ? [] : [notSupported('roleRef.kind', kind, kinds)]),
    ...checkFilledName(pathSegment, name, 'roleRef.name'),
    ...inList(subjects, 'subjects', (subject, field) => checkSubject(subject, isNamespaced, field)),
  ];
}

/** Another role is another binding: whoever may change subjects need not be allowed to bind that role. */
export function keepsRole(next: Binding, old: Binding): FieldError[] {
  if (isSame(next.roleRef, old.roleRef)) return [];
  const { apiGroup = '', kind = '', name = '' } = next.roleRef ?? {};
  const shown = `rbac.RoleRef{APIGroup:${goText(apiGroup)}, Kind:${goText(kind)}, Name:${goText(name)}}`;
  return [invalidShown('roleRef', shown, 'cannot change roleRef')];
}

function checkSubject(subject: Subject, isNamespaced: boolean, field: string): FieldError[] {
  const { kind = '', name = '' } = subject;
  return [
    ...(name === '' ? [required(`${field}.name`)] : []),
    ...checkKind(subject, kind, name, isNamespaced, field),
  ];
}

function checkKind(
  { apiGroup = '', namespace = '' }: Subject,
  kind: string,
  name: string,
  isNamespaced: boolean,
  field: string,
): FieldError[] {
  const group = `${field}.apiGroup`;
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...(name === '' ? [] : checkName(dnsSubdomain, name, `${field}.name`)),
        ...(apiGroup === '' ? [] : [notSupported(group, apiGroup, [''])]),
        ...(isNamespaced || namespace !== '' ? [] : [required(`${field}.namespace`)]),
      ];
    case 'User':
    case 'Group':
      return apiGroup === rbacGroup ? [] : [notSupported(group, apiGroup, [rbacGroup])];
    default:
      return [notSupported(`${field}.kind`, kind, ['ServiceAccount', 'User', 'Group'])];
  }
}
