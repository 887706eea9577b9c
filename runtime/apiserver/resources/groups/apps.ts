/** apps. */
import { groupVersion, scale, status } from '../resource.ts';

export const apps = groupVersion('apps', 'v1', [
  ['controllerrevisions', 'ControllerRevision'],
  ['daemonsets', 'DaemonSet', { shortNames: ['ds'], categories: ['all'], subresources: [status] }],
  [
    'deployments',
    'Deployment',
    { shortNames: ['deploy'], categories: ['all'], subresources: [scale, status] },
  ],
  ['replicasets', 'ReplicaSet', { shortNames: ['rs'], categories: ['all'], subresources: [scale, status] }],
  [
    'statefulsets',
    'StatefulSet',
    { shortNames: ['sts'], categories: ['all'], subresources: [scale, status] },
  ],
]);
