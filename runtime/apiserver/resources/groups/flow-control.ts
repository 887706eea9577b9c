/** flowcontrol.apiserver.k8s.io. */
import { groupVersion, status } from '../resource.ts';

export const flowControl = groupVersion('flowcontrol.apiserver.k8s.io', 'v1', [
  ['flowschemas', 'FlowSchema', { clusterScoped: true, subresources: [status] }],
  [
    'prioritylevelconfigurations',
    'PriorityLevelConfiguration',
    { clusterScoped: true, subresources: [status] },
  ],
]);
