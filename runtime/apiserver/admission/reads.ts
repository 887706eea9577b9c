/** What policies read of the cluster. */
import type { ResourceName } from '../handlers/kinds.ts';
import type { ApiObject } from '../objects/object-bytes.ts';

const webhooks = 'admissionregistration.k8s.io';

/** By the names under which they are asked for. */
export const readResources = {
  namespaces: { group: '', version: 'v1', resource: 'namespaces' },
  serviceAccounts: { group: '', version: 'v1', resource: 'serviceaccounts' },
  limitRanges: { group: '', version: 'v1', resource: 'limitranges' },
  resourceQuotas: { group: '', version: 'v1', resource: 'resourcequotas' },
  priorityClasses: { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' },
  storageClasses: { group: 'storage.k8s.io', version: 'v1', resource: 'storageclasses' },
  runtimeClasses: { group: 'node.k8s.io', version: 'v1', resource: 'runtimeclasses' },
  ingressClasses: { group: 'networking.k8s.io', version: 'v1', resource: 'ingressclasses' },
  mutatingWebhooks: { group: webhooks, version: 'v1', resource: 'mutatingwebhookconfigurations' },
  validatingWebhooks: { group: webhooks, version: 'v1', resource: 'validatingwebhookconfigurations' },
  policies: { group: webhooks, version: 'v1', resource: 'validatingadmissionpolicies' },
  policyBindings: { group: webhooks, version: 'v1', resource: 'validatingadmissionpolicybindings' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  nodes: { group: '', version: 'v1', resource: 'nodes' },
} as const satisfies Readonly<Record<string, ResourceName>>;

export type ReadResource = keyof typeof readResources;

export interface Reads {
  /** What is not known here is asked of the store. @param namespace '' for what is in none */
  readonly get: (resource: ReadResource, namespace: string, name: string) => Promise<ApiObject | null>;
  /** As far as this node knows, which may be a moment behind. @param namespace '': of all; sorted by place */
  readonly list: (resource: ReadResource, namespace: string) => Promise<readonly ApiObject[]>;
}
