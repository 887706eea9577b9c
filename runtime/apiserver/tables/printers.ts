/** Which printer each resource has. */
import type { Resource } from '../resources/resource.ts';
import { type Printer, usualPrinter } from './printer.ts';
import * as access from './printers/access.ts';
import { horizontalPodAutoscalers } from './printers/autoscalers.ts';
import * as cluster from './printers/cluster.ts';
import { events } from './printers/events.ts';
import * as network from './printers/network.ts';
import { pods } from './printers/pods.ts';
import * as policies from './printers/policies.ts';
import * as volumes from './printers/volumes.ts';
import * as workloads from './printers/workloads.ts';

const byGroup: Readonly<Record<string, Readonly<Record<string, Printer>>>> = {
  '': {
    componentstatuses: cluster.componentStatuses,
    configmaps: access.configMaps,
    endpoints: network.endpoints,
    events,
    namespaces: cluster.namespaces,
    nodes: cluster.nodes,
    persistentvolumeclaims: volumes.persistentVolumeClaims,
    persistentvolumes: volumes.persistentVolumes,
    pods,
    podtemplates: workloads.podTemplates,
    replicationcontrollers: workloads.replicationControllers,
    resourcequotas: cluster.resourceQuotas,
    secrets: access.secrets,
    serviceaccounts: access.serviceAccounts,
    services: network.services,
  },
  apps: {
    controllerrevisions: workloads.controllerRevisions,
    daemonsets: workloads.daemonSets,
    deployments: workloads.deployments,
    replicasets: workloads.replicaSets,
    statefulsets: workloads.statefulSets,
  },
  autoscaling: { horizontalpodautoscalers: horizontalPodAutoscalers },
  batch: { cronjobs: workloads.cronJobs, jobs: workloads.jobs },
  'admissionregistration.k8s.io': {
    mutatingwebhookconfigurations: policies.webhookConfigurations,
    validatingadmissionpolicies: policies.validatingAdmissionPolicies,
    validatingadmissionpolicybindings: policies.validatingAdmissionPolicyBindings,
    validatingwebhookconfigurations: policies.webhookConfigurations,
  },
  'apiregistration.k8s.io': { apiservices: cluster.apiServices },
  'certificates.k8s.io': { certificatesigningrequests: access.certificateSigningRequests },
  'coordination.k8s.io': { leases: policies.leases },
  'discovery.k8s.io': { endpointslices: network.endpointSlices },
  'events.k8s.io': { events },
  'flowcontrol.apiserver.k8s.io': {
    flowschemas: policies.flowSchemas,
    prioritylevelconfigurations: policies.priorityLevelConfigurations,
  },
  'networking.k8s.io': {
    ingressclasses: network.ingressClasses,
    ingresses: network.ingresses,
    networkpolicies: network.networkPolicies,
  },
  'node.k8s.io': { runtimeclasses: policies.runtimeClasses },
  policy: { poddisruptionbudgets: policies.podDisruptionBudgets },
  'rbac.authorization.k8s.io': {
    clusterrolebindings: access.roleBindings,
    rolebindings: access.roleBindings,
  },
  'scheduling.k8s.io': { priorityclasses: policies.priorityClasses },
  'storage.k8s.io': {
    csidrivers: volumes.csiDrivers,
    csinodes: volumes.csiNodes,
    storageclasses: volumes.storageClasses,
    volumeattachments: volumes.volumeAttachments,
  },
};

/** For roles, limit ranges, definitions of custom resources and others it is name and time of creation. */
export function printerOf({ group, resource }: Pick<Resource, 'group' | 'resource'>): Printer {
  const printers = Object.hasOwn(byGroup, group) ? byGroup[group]! : {};
  return Object.hasOwn(printers, resource) ? printers[resource]! : usualPrinter;
}
