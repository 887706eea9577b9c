/** Default roles for the parts of a cluster: nodes, the scheduler, proxies, whoever signs and provisions. Pure data. */
import {
  clusterRole,
  type DefaultRole,
  events,
  localRole,
  read,
  readUpdate,
  readWrite,
  rule,
} from './role.ts';

const certificates = 'certificates.k8s.io';
const coordination = 'coordination.k8s.io';
const storage = 'storage.k8s.io';

const reviewTokens = rule('create', 'authentication.k8s.io', 'tokenreviews');
const reviewAccess = rule('create', 'authorization.k8s.io', 'subjectaccessreviews');
const requestCertificates = rule('create get list watch', certificates, 'certificatesigningrequests');

/** Approves requests to one signer. */
function approver(name: string, signer: string): DefaultRole {
  const rules = [rule('approve', certificates, 'signers', `kubernetes.io/${signer}`)];
  return clusterRole(`system:certificates.k8s.io:${name}-approver`, rules);
}

/** What every node may do; the node authorizer narrows it. */
export const nodeRole = clusterRole('system:node', [
  reviewTokens,
  rule('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(read, '-', 'services'),
  rule('create get list watch', '-', 'nodes'),
  rule('patch update', '-', 'nodes/status'),
  rule('patch update', '-', 'nodes'),
  rule('create patch update', '-', 'events'),
  rule(read, '-', 'pods'),
  rule('create delete', '-', 'pods'),
  rule('patch update', '-', 'pods/status'),
  rule('create', '-', 'pods/eviction'),
  rule(read, '-', 'configmaps secrets'),
  rule('get', '-', 'persistentvolumeclaims persistentvolumes'),
  rule('get', '-', 'endpoints'),
  requestCertificates,
  rule('create delete get patch update', coordination, 'leases'),
  rule('get', storage, 'volumeattachments'),
  rule('create', '-', 'serviceaccounts/token'),
  rule('get patch update', '-', 'persistentvolumeclaims/status'),
  rule(read, storage, 'csidrivers'),
  rule('create delete get patch update', storage, 'csinodes'),
  rule(read, 'node.k8s.io', 'runtimeclasses'),
]);

export const componentRoles: readonly DefaultRole[] = [
  nodeRole,
  clusterRole('system:auth-delegator', [reviewTokens, reviewAccess]),
  ...['nodeclient', 'selfnodeclient'].map((kind) =>
    clusterRole(`system:certificates.k8s.io:certificatesigningrequests:${kind}`, [
      rule('create', certificates, `certificatesigningrequests/${kind}`),
    ]),
  ),
  ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(
    (signer) => approver(signer, signer),
  ),
  clusterRole('system:heapster', [
    rule(read, '-', 'events namespaces nodes pods'),
    rule(read, 'extensions', 'deployments'),
  ]),
  clusterRole('system:kube-aggregator', [rule(read, '-', 'endpoints services')]),
  clusterRole('system:kube-controller-manager', [
    events,
    rule('create', coordination, 'leases'),
    rule('get update', coordination, 'leases', 'kube-controller-manager'),
    rule('create', '-', 'secrets serviceaccounts'),
    rule('delete', '-', 'secrets'),
    rule('get', '-', 'configmaps namespaces secrets serviceaccounts'),
    rule('update', '-', 'secrets serviceaccounts'),
    reviewTokens,
    reviewAccess,
    rule('list watch', '*', '*'),
    rule('create', '-', 'serviceaccounts/token'),
  ]),
  clusterRole('system:kube-dns', [rule('list watch', '-', 'endpoints services')]),
  clusterRole('system:kube-scheduler', [
    events,
    rule('create', coordination, 'leases'),
    rule('get list update watch', coordination, 'leases', 'kube-scheduler'),
    rule(readWrite, coordination, 'leasecandidates'),
    rule(read, '-', 'nodes'),
    rule('delete get list watch', '-', 'pods'),
    rule('create', '-', 'bindings pods/binding'),
    rule('patch update', '-', 'pods/status'),
    rule(read, '-', 'replicationcontrollers services'),
    rule(read, 'apps extensions', 'replicasets'),
    rule(read, 'apps', 'statefulsets'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, '-', 'persistentvolumeclaims persistentvolumes'),
    reviewTokens,
    reviewAccess,
    rule(read, storage, 'csinodes'),
    rule(read, storage, 'volumeattachments'),
    rule(read, '-', 'namespaces'),
    rule(read, storage, 'csidrivers'),
    rule(read, storage, 'csistoragecapacities'),
  ]),
  clusterRole('system:kubelet-api-admin', [
    rule(read, '-', 'nodes'),
    rule('proxy', '-', 'nodes'),
    rule('*', '-', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
  ]),
  clusterRole('system:node-bootstrapper', [requestCertificates]),
  clusterRole('system:node-problem-detector', [
    rule('get', '-', 'nodes'),
    rule('patch', '-', 'nodes/status'),
    events,
  ]),
  clusterRole('system:node-proxier', [
    rule('list watch', '-', 'endpoints services'),
    rule(read, '-', 'nodes'),
    events,
    rule('list watch', 'discovery.k8s.io', 'endpointslices'),
  ]),
  clusterRole('system:persistent-volume-provisioner', [
    rule('create delete get list watch', '-', 'persistentvolumes'),
    rule('get list update watch', '-', 'persistentvolumeclaims'),
    rule(read, storage, 'storageclasses'),
    rule('watch', '-', 'events'),
    events,
  ]),
  clusterRole('system:volume-scheduler', [
    rule(readUpdate, '-', 'persistentvolumes'),
    rule(read, storage, 'storageclasses'),
    rule(readUpdate, '-', 'persistentvolumeclaims'),
  ]),
];

/** Roles of single namespaces. */
export const localRoles: readonly DefaultRole[] = [
  localRole('kube-public', 'system:controller:bootstrap-signer', [
    rule(read, '-', 'configmaps'),
    rule('update', '-', 'configmaps', 'cluster-info'),
    events,
  ]),
  localRole('kube-system', 'extension-apiserver-authentication-reader', [
    rule(read, '-', 'configmaps', 'extension-apiserver-authentication'),
  ]),
  ...['kube-controller-manager', 'kube-scheduler'].map((name) =>
    localRole('kube-system', `system::leader-locking-${name}`, [
      rule('watch', '-', 'configmaps'),
      rule('get update', '-', 'configmaps', name),
    ]),
  ),
  localRole('kube-system', 'system:controller:bootstrap-signer', [rule(read, '-', 'secrets')]),
  localRole('kube-system', 'system:controller:cloud-provider', [
    rule('create get list watch', '-', 'configmaps'),
  ]),
  localRole('kube-system', 'system:controller:token-cleaner', [
    rule('delete get list watch', '-', 'secrets'),
    events,
  ]),
];
