/** The kinds of every group but the core one. */
import type { Strategy } from '../apiserver/handlers/served-kind.ts';
import { validatingAdmissionPolicies } from './admissionregistration/policies.ts';
import { validatingAdmissionPolicyBindings } from './admissionregistration/policy-bindings.ts';
import {
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from './admissionregistration/webhooks.ts';
import { customResourceDefinitionStrategy } from './apiextensions/definitions.ts';
import { apiServices } from './apiregistration/api-services.ts';
import { controllerRevisions } from './apps/controller-revisions.ts';
import { daemonSets } from './apps/daemon-sets.ts';
import { deployments } from './apps/deployments.ts';
import { replicaSets } from './apps/replica-sets.ts';
import { statefulSets } from './apps/stateful-sets.ts';
import { horizontalPodAutoscalers } from './autoscaling/horizontal-pod-autoscalers.ts';
import { cronJobs } from './batch/cron-jobs.ts';
import { jobs } from './batch/jobs.ts';
import { certificateSigningRequests } from './certificates/certificate-signing-requests.ts';
import { leases } from './coordination/leases.ts';
import { endpointSlices } from './discovery/endpoint-slices.ts';
import { events } from './events/events.ts';
import { flowSchemas } from './flowcontrol/flow-schemas.ts';
import { priorityLevels } from './flowcontrol/priority-levels.ts';
import { ingressClasses } from './networking/ingress-classes.ts';
import { ingresses } from './networking/ingresses.ts';
import { networkPolicies } from './networking/network-policies.ts';
import { runtimeClasses } from './node/runtime-classes.ts';
import { podDisruptionBudgets } from './policy/pod-disruption-budgets.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from './rbac/roles.ts';
import { priorityClasses } from './scheduling/priority-classes.ts';
import { csiDrivers } from './storage/csi-drivers.ts';
import { csiNodes } from './storage/csi-nodes.ts';
import { csiStorageCapacities } from './storage/csi-storage-capacities.ts';
import { storageClasses } from './storage/storage-classes.ts';
import { volumeAttachments } from './storage/volume-attachments.ts';

/** By `GROUP/RESOURCE`; the groups as in requests. */
export const otherStrategies: Readonly<Record<string, Strategy>> = {
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': mutatingWebhookConfigurations,
  'admissionregistration.k8s.io/validatingadmissionpolicies': validatingAdmissionPolicies,
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': validatingAdmissionPolicyBindings,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': validatingWebhookConfigurations,
  'apiextensions.k8s.io/customresourcedefinitions': customResourceDefinitionStrategy,
  'apiregistration.k8s.io/apiservices': apiServices,
  'apps/controllerrevisions': controllerRevisions,
  'apps/daemonsets': daemonSets,
  'apps/deployments': deployments,
  'apps/replicasets': replicaSets,
  'apps/statefulsets': statefulSets,
  'autoscaling/horizontalpodautoscalers': horizontalPodAutoscalers,
  'batch/cronjobs': cronJobs,
  'batch/jobs': jobs,
  'certificates.k8s.io/certificatesigningrequests': certificateSigningRequests,
  'coordination.k8s.io/leases': leases,
  'discovery.k8s.io/endpointslices': endpointSlices,
  'events.k8s.io/events': events,
  'flowcontrol.apiserver.k8s.io/flowschemas': flowSchemas,
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': priorityLevels,
  'networking.k8s.io/ingressclasses': ingressClasses,
  'networking.k8s.io/ingresses': ingresses,
  'networking.k8s.io/networkpolicies': networkPolicies,
  'node.k8s.io/runtimeclasses': runtimeClasses,
  'policy/poddisruptionbudgets': podDisruptionBudgets,
  'rbac.authorization.k8s.io/clusterrolebindings': clusterRoleBindings,
  'rbac.authorization.k8s.io/clusterroles': clusterRoles,
  'rbac.authorization.k8s.io/rolebindings': roleBindings,
  'rbac.authorization.k8s.io/roles': roles,
  'scheduling.k8s.io/priorityclasses': priorityClasses,
  'storage.k8s.io/csidrivers': csiDrivers,
  'storage.k8s.io/csinodes': csiNodes,
  'storage.k8s.io/csistoragecapacities': csiStorageCapacities,
  'storage.k8s.io/storageclasses': storageClasses,
  'storage.k8s.io/volumeattachments': volumeAttachments,
};
