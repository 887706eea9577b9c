/** networking.k8s.io. */
import { groupVersion, status } from '../resource.ts';

export const networking = groupVersion('networking.k8s.io', 'v1', [
  ['ingressclasses', 'IngressClass', { clusterScoped: true }],
  ['ingresses', 'Ingress', { shortNames: ['ing'], storedAt: 'ingress', subresources: [status] }],
  ['networkpolicies', 'NetworkPolicy', { shortNames: ['netpol'] }],
]);
