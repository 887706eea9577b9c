/** apiextensions.k8s.io: custom resources. Stored under the name of its group, as a custom resource. */
import { groupVersion, status } from '../resource.ts';

export const apiExtensions = groupVersion('apiextensions.k8s.io', 'v1', [
  [
    'customresourcedefinitions',
    'CustomResourceDefinition',
    {
      clusterScoped: true,
      shortNames: ['crd', 'crds'],
      categories: ['api-extensions'],
      storedAt: 'apiextensions.k8s.io/customresourcedefinitions',
      subresources: [status],
    },
  ],
]);
