import t from 'tap';
import { filled, patched, saidOfChange, saidOfNew } from '../testing/say.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './roles.ts';

const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;
const metadata = { name: 'system:r' };
const role = (kind: string, rule: object) => ({ kind, apiVersion, metadata, rules: [rule] });
const pods = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

t.test('roles', async (t) => {
  t.same(saidOfNew(roles, role('Role', pods)), []);
  t.same(saidOfNew(roles, role('Role', { verbs: [] })), [
    'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ]);
  const paths = { verbs: ['get'], nonResourceURLs: ['/x'] };
  t.same(saidOfNew(clusterRoles, role('ClusterRole', paths)), []);
  t.same(saidOfNew(roles, role('Role', paths)), [
    'rules[0].nonResourceURLs: Invalid value: []string{"/x"}: namespaced rules cannot apply to non-resource URLs',
  ]);
  t.same(saidOfNew(clusterRoles, role('ClusterRole', { ...paths, ...pods })), [
    'rules[0].nonResourceURLs: Invalid value: []string{"/x"}: rules cannot apply to both regular resources and non-resource URLs',
  ]);
  t.same(saidOfNew(clusterRoles, { ...role('ClusterRole', pods), aggregationRule: {} }), [
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ]);
});

const binding = {
  ...{ kind: 'RoleBinding', apiVersion, metadata, roleRef: { kind: 'Role', name: 'r' } },
  subjects: [
    { kind: 'User', name: 'u' },
    { kind: 'ServiceAccount', name: 's' },
  ],
};
const clusterBinding = {
  ...binding,
  kind: 'ClusterRoleBinding',
  roleRef: { kind: 'ClusterRole', name: 'r' },
};

t.test('bindings', async (t) => {
  t.match(filled(roleBindings, binding), {
    roleRef: { apiGroup: group },
    subjects: [{ apiGroup: group }, { kind: 'ServiceAccount', name: 's' }],
  });
  t.same(saidOfNew(roleBindings, binding), []);
  t.same(saidOfNew(clusterRoleBindings, clusterBinding), ['subjects[1].namespace: Required value']);
  t.same(
    saidOfNew(clusterRoleBindings, patched(clusterBinding, { roleRef: { kind: 'Role' }, subjects: null })),
    ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
  );
  t.same(saidOfNew(roleBindings, patched(binding, { subjects: [{ kind: 'Robot', name: '' }] })), [
    'subjects[0].name: Required value',
    'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
  ]);
  t.same(saidOfChange(roleBindings, binding, { roleRef: { name: 'x' } }), [
    `roleRef: Invalid value: rbac.RoleRef{APIGroup:"${group}", Kind:"Role", Name:"x"}: cannot change roleRef`,
  ]);
  t.ok(
    [roles, clusterRoles, roleBindings, clusterRoleBindings].every(({ createsOnUpdate }) => createsOnUpdate),
  );
});
