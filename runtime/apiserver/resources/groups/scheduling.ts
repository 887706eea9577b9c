/** scheduling.k8s.io. */
import { groupVersion } from '../resource.ts';

export const scheduling = groupVersion('scheduling.k8s.io', 'v1', [
  ['priorityclasses', 'PriorityClass', { clusterScoped: true, shortNames: ['pc'] }],
]);
