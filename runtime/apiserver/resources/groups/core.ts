/** The core group. Its places in the store are older than its names: a node was a minion. */
import { groupVersion, review, scale, status, subresource } from '../resource.ts';

export const core = groupVersion('', 'v1', [
  review('bindings', 'Binding', { clusterScoped: false }),
  [
    'componentstatuses',
    'ComponentStatus',
    { clusterScoped: true, verbs: ['get', 'list'], virtual: true, shortNames: ['cs'] },
  ],
  ['configmaps', 'ConfigMap', { shortNames: ['cm'] }],
  ['endpoints', 'Endpoints', { shortNames: ['ep'], storedAt: 'services/endpoints' }],
  ['events', 'Event', { shortNames: ['ev'] }],
  ['limitranges', 'LimitRange', { shortNames: ['limits'] }],
  [
    'namespaces',
    'Namespace',
    {
      clusterScoped: true,
      verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['ns'],
      subresources: [subresource('finalize', ['update']), status],
    },
  ],
  [
    'nodes',
    'Node',
    {
      clusterScoped: true,
      shortNames: ['no'],
      storedAt: 'minions',
      subresources: [
        subresource('proxy', ['create', 'delete', 'get', 'patch', 'update'], {
          group: '',
          version: 'v1',
          kind: 'NodeProxyOptions',
        }),
        status,
      ],
    },
  ],
  ['persistentvolumeclaims', 'PersistentVolumeClaim', { shortNames: ['pvc'], subresources: [status] }],
  [
    'persistentvolumes',
    'PersistentVolume',
    { clusterScoped: true, shortNames: ['pv'], subresources: [status] },
  ],
  [
    'pods',
    'Pod',
    {
      shortNames: ['po'],
      categories: ['all'],
      subresources: [
        subresource('attach', ['create', 'get'], { group: '', version: 'v1', kind: 'PodAttachOptions' }),
        subresource('binding', ['create'], { group: '', version: 'v1', kind: 'Binding' }),
        subresource('ephemeralcontainers', ['get', 'patch', 'update']),
        subresource('eviction', ['create'], { group: 'policy', version: 'v1', kind: 'Eviction' }),
        subresource('exec', ['create', 'get'], { group: '', version: 'v1', kind: 'PodExecOptions' }),
        subresource('log', ['get']),
        subresource('portforward', ['create', 'get'], {
          group: '',
          version: 'v1',
          kind: 'PodPortForwardOptions',
        }),
        subresource('proxy', ['create', 'delete', 'get', 'patch', 'update'], {
          group: '',
          version: 'v1',
          kind: 'PodProxyOptions',
        }),
        status,
      ],
    },
  ],
  ['podtemplates', 'PodTemplate'],
  [
    'replicationcontrollers',
    'ReplicationController',
    { shortNames: ['rc'], categories: ['all'], storedAt: 'controllers', subresources: [scale, status] },
  ],
  ['resourcequotas', 'ResourceQuota', { shortNames: ['quota'], subresources: [status] }],
  ['secrets', 'Secret'],
  [
    'serviceaccounts',
    'ServiceAccount',
    {
      shortNames: ['sa'],
      subresources: [
        subresource('token', ['create'], {
          group: 'authentication.k8s.io',
          version: 'v1',
          kind: 'TokenRequest',
        }),
      ],
    },
  ],
  [
    'services',
    'Service',
    {
      shortNames: ['svc'],
      categories: ['all'],
      storedAt: 'services/specs',
      subresources: [
        subresource('proxy', ['create', 'delete', 'get', 'patch', 'update'], {
          group: '',
          version: 'v1',
          kind: 'ServiceProxyOptions',
        }),
        status,
      ],
    },
  ],
]);
