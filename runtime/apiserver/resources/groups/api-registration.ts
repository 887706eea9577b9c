/** apiregistration.k8s.io: which group-versions there are. Stored under the name of its group, as a custom resource. */
import { groupVersion, status } from '../resource.ts';

export const apiRegistration = groupVersion('apiregistration.k8s.io', 'v1', [
  [
    'apiservices',
    'APIService',
    {
      clusterScoped: true,
      categories: ['api-extensions'],
      storedAt: 'apiregistration.k8s.io/apiservices',
      subresources: [status],
    },
  ],
]);
