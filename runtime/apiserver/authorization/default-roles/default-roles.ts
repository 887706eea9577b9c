/**
 * All roles and bindings that a cluster begins with, as objects, those first on which others depend.
 * (plugin/pkg/auth/authorizer/rbac/bootstrappolicy) Pure data.
 */
import type { ApiObject } from '../../objects/object-bytes.ts';
import type { Subject } from '../rbac-index.ts';
import { componentRoles, localRoles } from './component-roles.ts';
import { controllerNames, controllerRoles } from './controller-roles.ts';
import { account, bindingObject, type DefaultBinding, group, roleObject, user } from './role.ts';
import { userRoles } from './user-roles.ts';

const authenticated = group('system:authenticated');
const controllerManager = user('system:kube-controller-manager');
const scheduler = user('system:kube-scheduler');

/** Whom the roles of their names are bound to. */
const clusterBindings: Readonly<Record<string, readonly Subject[]>> = {
  'cluster-admin': [group('system:masters')],
  'system:monitoring': [group('system:monitoring')],
  'system:discovery': [authenticated],
  'system:basic-user': [authenticated],
  'system:public-info-viewer': [authenticated, group('system:unauthenticated')],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:kube-controller-manager': [controllerManager],
  'system:kube-dns': [account('kube-dns')],
  'system:kube-scheduler': [scheduler],
  'system:volume-scheduler': [scheduler],
  // Nodes have their rights from the node authorizer.
  'system:node': [],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
};

const kubeSystem = 'kube-system';

const localBindings: readonly DefaultBinding[] = [
  local('kube-public', 'system:controller:bootstrap-signer', [account('bootstrap-signer')]),
  {
    ...{ name: 'system::extension-apiserver-authentication-reader', namespace: kubeSystem },
    role: 'extension-apiserver-authentication-reader',
    subjects: [controllerManager, scheduler],
  },
  local(kubeSystem, 'system::leader-locking-kube-controller-manager', [
    controllerManager,
    account('kube-controller-manager'),
  ]),
  local(kubeSystem, 'system::leader-locking-kube-scheduler', [scheduler, account('kube-scheduler')]),
  ...['bootstrap-signer', 'cloud-provider', 'token-cleaner'].map((name) =>
    local(kubeSystem, `system:controller:${name}`, [account(name)]),
  ),
];

export const defaultRoles: readonly ApiObject[] = [
  ...[...userRoles, ...componentRoles, ...controllerRoles].map(roleObject),
  ...localRoles.map(roleObject),
];

export const defaultBindings: readonly ApiObject[] = [
  ...Object.entries(clusterBindings).map(([role, subjects]) =>
    bindingObject({ name: role, namespace: '', role, subjects }),
  ),
  ...controllerNames.map((name) => {
    const role = `system:controller:${name}`;
    return bindingObject({ name: role, namespace: '', role, subjects: [account(name)] });
  }),
  ...localBindings.map(bindingObject),
];

function local(namespace: string, role: string, subjects: readonly Subject[]): DefaultBinding {
  return { name: role, namespace, role, subjects };
}
