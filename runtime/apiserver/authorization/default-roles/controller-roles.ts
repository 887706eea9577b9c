/**
 * Default roles of the controllers, each bound to the service account of its name in kube-system. As far as 1.32 has them
 * without features that are off by default. Pure data.
 */

import type { PolicyRule } from '../policy-rule.ts';
import { clusterRole, type DefaultRole, events, read, rule } from './role.ts';

const old = 'apps extensions';
const storage = 'storage.k8s.io';
const certificates = 'certificates.k8s.io';
const all = 'create delete get list patch update watch';
const makePods = rule('create delete list patch watch', '-', 'pods');

const controllers: Readonly<Record<string, readonly PolicyRule[]>> = {
  'attachdetach-controller': [
    rule('list watch', '-', 'persistentvolumeclaims persistentvolumes'),
    rule(read, '-', 'nodes'),
    rule('patch update', '-', 'nodes/status'),
    rule('list watch', '-', 'pods'),
    events,
    rule('create delete get list watch', storage, 'volumeattachments'),
    rule(read, storage, 'csidrivers'),
    rule(read, storage, 'csinodes'),
  ],
  'certificate-controller': [
    rule('delete get list watch', certificates, 'certificatesigningrequests'),
    rule('update', certificates, 'certificatesigningrequests/approval certificatesigningrequests/status'),
    rule('approve', certificates, 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    rule(
      'sign',
      certificates,
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    rule('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    events,
  ],
  'clusterrole-aggregation-controller': [
    rule('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'cronjob-controller': [
    rule('get list update watch', 'batch', 'cronjobs'),
    rule(all, 'batch', 'jobs'),
    rule('update', 'batch', 'cronjobs/status'),
    rule('update', 'batch', 'cronjobs/finalizers'),
    rule('delete list', '-', 'pods'),
    events,
  ],
  'daemon-set-controller': [
    rule(read, old, 'daemonsets'),
    rule('update', old, 'daemonsets/status'),
    rule('update', old, 'daemonsets/finalizers'),
    rule('list watch', '-', 'nodes'),
    makePods,
    rule('create', '-', 'pods/binding'),
    rule(all, 'apps', 'controllerrevisions'),
    events,
  ],
  'deployment-controller': [
    rule('get list update watch', old, 'deployments'),
    rule('update', old, 'deployments/status'),
    rule('update', old, 'deployments/finalizers'),
    rule(all, old, 'replicasets'),
    rule('get list update watch', '-', 'pods'),
    events,
  ],
  'disruption-controller': [
    rule(read, old, 'deployments'),
    rule(read, old, 'replicasets'),
    rule(read, '-', 'replicationcontrollers'),
    rule(read, 'policy', 'poddisruptionbudgets'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'policy', 'poddisruptionbudgets/status'),
    rule('patch update', '-', 'pods/status'),
    rule('get', '*', '*/scale'),
    events,
  ],
  'endpoint-controller': [
    rule(read, '-', 'pods services'),
    rule('create delete get list update', '-', 'endpoints'),
    rule('create', '-', 'endpoints/restricted'),
    events,
  ],
  'endpointslice-controller': [
    rule(read, '-', 'nodes pods services'),
    rule('update', '-', 'services/finalizers'),
    rule('create delete get list update', 'discovery.k8s.io', 'endpointslices'),
    events,
  ],
  'endpointslicemirroring-controller': [
    rule(read, '-', 'endpoints services'),
    rule('update', '-', 'services/finalizers'),
    rule('update', '-', 'endpoints/finalizers'),
    rule('create delete get list update', 'discovery.k8s.io', 'endpointslices'),
    events,
  ],
  'ephemeral-volume-controller': [
    rule(read, '-', 'pods'),
    rule('update', '-', 'pods/finalizers'),
    rule('create get list watch', '-', 'persistentvolumeclaims'),
    events,
  ],
  'expand-controller': [
    rule('get list patch update watch', '-', 'persistentvolumes'),
    rule('patch update', '-', 'persistentvolumeclaims/status'),
    rule(read, '-', 'persistentvolumeclaims'),
    events,
    rule('get', '-', 'services'),
  ],
  'generic-garbage-collector': [rule('delete get list patch update watch', '*', '*'), events],
  'horizontal-pod-autoscaler': [
    rule(read, 'autoscaling', 'horizontalpodautoscalers'),
    rule('update', 'autoscaling', 'horizontalpodautoscalers/status'),
    rule('get update', '*', '*/scale'),
    rule('list', '-', 'pods'),
    rule('list', 'metrics.k8s.io', 'pods'),
    rule('get list', 'custom.metrics.k8s.io', '*'),
    rule('get list', 'external.metrics.k8s.io', '*'),
    events,
  ],
  'job-controller': [
    rule('get list patch update watch', 'batch', 'jobs'),
    rule('update', 'batch', 'jobs/status'),
    rule('update', 'batch', 'jobs/finalizers'),
    makePods,
    events,
  ],
  'legacy-service-account-token-cleaner': [
    rule('get', '-', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    rule('delete patch', '-', 'secrets'),
  ],
  'namespace-controller': [
    rule('delete get list watch', '-', 'namespaces'),
    rule('update', '-', 'namespaces/finalize namespaces/status'),
    rule('delete deletecollection get list', '*', '*'),
  ],
  'node-controller': [
    rule('delete get list patch update', '-', 'nodes'),
    rule('patch update', '-', 'nodes/status'),
    rule('patch update', '-', 'pods/status'),
    rule('delete get list', '-', 'pods'),
    events,
  ],
  'persistent-volume-binder': [
    rule('create delete get list update watch', '-', 'persistentvolumes'),
    rule('update', '-', 'persistentvolumes/status'),
    rule('get list update watch', '-', 'persistentvolumeclaims'),
    rule('update', '-', 'persistentvolumeclaims/status'),
    rule('create delete get list watch', '-', 'pods'),
    rule(read, storage, 'storageclasses'),
    rule('list watch', '-', 'nodes'),
    events,
    rule('watch', '-', 'events'),
    rule('get', '-', 'services'),
  ],
  'pod-garbage-collector': [
    rule('delete list watch', '-', 'pods'),
    rule('get list', '-', 'nodes'),
    rule('patch', '-', 'pods/status'),
  ],
  'pv-protection-controller': [rule('get list update watch', '-', 'persistentvolumes'), events],
  'pvc-protection-controller': [
    rule('get list update watch', '-', 'persistentvolumeclaims'),
    rule(read, '-', 'pods'),
    events,
  ],
  'replicaset-controller': [
    rule('get list update watch', old, 'replicasets'),
    rule('update', old, 'replicasets/status'),
    rule('update', old, 'replicasets/finalizers'),
    makePods,
    events,
  ],
  'replication-controller': [
    rule('get list update watch', '-', 'replicationcontrollers'),
    rule('update', '-', 'replicationcontrollers/status'),
    rule('update', '-', 'replicationcontrollers/finalizers'),
    makePods,
    events,
  ],
  'resourcequota-controller': [
    rule('list watch', '*', '*'),
    rule('update', '-', 'resourcequotas/status'),
    events,
  ],
  'root-ca-cert-publisher': [rule('create update', '-', 'configmaps'), events],
  'route-controller': [rule('list watch', '-', 'nodes'), rule('patch', '-', 'nodes/status'), events],
  'service-account-controller': [rule('create', '-', 'serviceaccounts'), events],
  'service-controller': [
    rule(read, '-', 'services'),
    rule('patch update', '-', 'services/status'),
    rule('list watch', '-', 'nodes'),
    events,
  ],
  'statefulset-controller': [
    rule('list watch', '-', 'pods'),
    rule(read, 'apps', 'statefulsets'),
    rule('update', 'apps', 'statefulsets/status'),
    rule('update', 'apps', 'statefulsets/finalizers'),
    rule('create delete get patch update', '-', 'pods'),
    rule(all, 'apps', 'controllerrevisions'),
    rule('create get list watch', '-', 'persistentvolumeclaims'),
    events,
    rule('delete update', '-', 'persistentvolumeclaims'),
    rule('update', '-', 'pods/finalizers'),
  ],
  'ttl-after-finished-controller': [rule('delete get list watch', 'batch', 'jobs'), events],
  'ttl-controller': [rule('list patch update watch', '-', 'nodes'), events],
  'validatingadmissionpolicy-status-controller': [
    rule(read, 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    rule('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    events,
  ],
};

export const controllerNames: readonly string[] = Object.keys(controllers);

export const controllerRoles: readonly DefaultRole[] = Object.entries(controllers).map(([name, rules]) =>
  clusterRole(`system:controller:${name}`, rules),
);
