/** admissionregistration.k8s.io. */
import { groupVersion, status } from '../resource.ts';

export const admissionRegistration = groupVersion('admissionregistration.k8s.io', 'v1', [
  [
    'mutatingwebhookconfigurations',
    'MutatingWebhookConfiguration',
    { clusterScoped: true, categories: ['api-extensions'] },
  ],
  [
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    { clusterScoped: true, categories: ['api-extensions'], subresources: [status] },
  ],
  [
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    { clusterScoped: true, categories: ['api-extensions'] },
  ],
  [
    'validatingwebhookconfigurations',
    'ValidatingWebhookConfiguration',
    { clusterScoped: true, categories: ['api-extensions'] },
  ],
]);
