/** autoscaling: one resource in two versions, stored as v2. */
import { groupVersion, status } from '../resource.ts';

export const autoscalingV2 = groupVersion('autoscaling', 'v2', [
  [
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
    { shortNames: ['hpa'], categories: ['all'], subresources: [status] },
  ],
]);

export const autoscalingV1 = groupVersion('autoscaling', 'v1', [
  [
    'horizontalpodautoscalers',
    'HorizontalPodAutoscaler',
    {
      shortNames: ['hpa'],
      categories: ['all'],
      storedAs: { group: 'autoscaling', version: 'v2' },
      subresources: [status],
    },
  ],
]);
