/** rbac.authorization.k8s.io. */
import { groupVersion } from '../resource.ts';

export const rbac = groupVersion('rbac.authorization.k8s.io', 'v1', [
  ['clusterrolebindings', 'ClusterRoleBinding', { clusterScoped: true }],
  ['clusterroles', 'ClusterRole', { clusterScoped: true }],
  ['rolebindings', 'RoleBinding'],
  ['roles', 'Role'],
]);
