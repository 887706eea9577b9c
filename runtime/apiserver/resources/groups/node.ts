/** node.k8s.io. */
import { groupVersion } from '../resource.ts';

export const node = groupVersion('node.k8s.io', 'v1', [
  ['runtimeclasses', 'RuntimeClass', { clusterScoped: true }],
]);
