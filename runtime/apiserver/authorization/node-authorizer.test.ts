import fc from 'fast-check';
import t from 'tap';
import type { ApiObject } from '../objects/object-bytes.ts';
import { nodeRole } from './default-roles/component-roles.ts';
import { nodeAuthorizer } from './node-authorizer.ts';
import { createNodeGraph, type NodeGraph, type RelatedKind } from './node-graph.ts';
import { asks, asksPath, makeUser } from './testing/objects.ts';

const n1 = makeUser('system:node:n1', ['system:nodes']);

function object(kind: string, place: string, spec: object, metadata: object = {}): ApiObject {
  const [namespace = '', name = ''] = place.split('/');
  return {
    kind,
    apiVersion: 'v1',
    metadata: { ...metadata, name, ...(namespace === '' ? {} : { namespace }) },
    spec,
  };
}

const pod = object('Pod', 'd/p1', {
  nodeName: 'n1',
  serviceAccountName: 'web',
  imagePullSecrets: [{ name: 'pull' }],
  initContainers: [{ envFrom: [{ secretRef: { name: 'init' } }, { configMapRef: { name: 'init' } }] }],
  containers: [
    {
      env: [
        { valueFrom: { secretKeyRef: { name: 'env' } } },
        { valueFrom: { configMapKeyRef: { name: 'env' } } },
      ],
    },
  ],
  ephemeralContainers: [{ envFrom: [{ secretRef: { name: 'debug' } }] }],
  volumes: [
    { name: 'a', secret: { secretName: 'volume' } },
    { name: 'b', configMap: { name: 'volume' } },
    {
      name: 'c',
      projected: { sources: [{ secret: { name: 'projected' } }, { configMap: { name: 'projected' } }] },
    },
    { name: 'd', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'e', ephemeral: {} },
    { name: 'f', csi: { nodePublishSecretRef: { name: 'csi' } } },
  ],
});
const claimRef = { namespace: 'd', name: 'claim' };
const volume = object('PersistentVolume', '/pv', {
  claimRef,
  csi: {
    nodeStageSecretRef: { namespace: 's', name: 'stage' },
    controllerPublishSecretRef: { namespace: 's', name: 'controller' },
  },
});
const rbdVolume = object('PersistentVolume', '/rbd', { claimRef, rbd: { secretRef: { name: 'rbd' } } });
const mirror = object(
  'Pod',
  'd/mirror',
  { nodeName: 'n1', volumes: [{ secret: { secretName: 'stolen' } }] },
  {
    annotations: { 'kubernetes.io/config.mirror': 'x' },
  },
);
const attachment = object('VolumeAttachment', '/va', { nodeName: 'n1' });

function graphOf(...objects: readonly ApiObject[]): NodeGraph {
  const graph = createNodeGraph();
  for (const one of objects) graph.put(one);
  return graph;
}

const everything = graphOf(pod, volume, rbdVolume, mirror, attachment);
const decide = nodeAuthorizer(everything.isRelated, nodeRole.rules);

t.test('nodeAuthorizer allows a node what its pods need', async (t) => {
  for (const where of [
    ...['pull', 'init', 'env', 'debug', 'volume', 'projected', 'csi', 'rbd'].map(
      (name) => `get -/secrets d ${name}`,
    ),
    ...['init', 'env', 'volume', 'projected'].map((name) => `watch -/configmaps d ${name}`),
    'list -/secrets d env',
    'get -/secrets s stage',
    'get -/persistentvolumeclaims d claim',
    'get -/persistentvolumeclaims d p1-e',
    'patch -/persistentvolumeclaims/status d claim',
    'get -/persistentvolumes - pv',
    'get storage.k8s.io/volumeattachments - va',
    'create -/serviceaccounts/token d web',
    'get -/pods d p1',
    'get -/pods d mirror',
    'update -/pods/status d p9',
    'create -/pods/eviction d p9',
    'create -/pods d',
    'get -/nodes - n1',
    'patch -/nodes/status - n1',
    'create -/nodes -',
    'update coordination.k8s.io/leases kube-node-lease n1',
    'create coordination.k8s.io/leases kube-node-lease',
    'get storage.k8s.io/csinodes - n1',
    'list -/services -',
    'create -/events d',
    'list node.k8s.io/runtimeclasses -',
    'create certificates.k8s.io/certificatesigningrequests -',
  ]) {
    t.same(decide(asks(n1, where)), { isAllowed: true, reason: '' }, where);
  }
  const ofNode = [{ field: 'spec.nodeName', equal: true, value: 'n1' }];
  t.ok(decide(asks(n1, 'watch -/pods -', ofNode)).isAllowed);
});

t.test('nodeAuthorizer allows no more, and says why', async (t) => {
  const unrelated = "no relationship found between node 'n1' and this object";
  for (const [where, reason] of [
    ['get -/secrets d other', unrelated],
    ['get -/secrets e env', unrelated],
    ['get -/secrets d stolen', unrelated],
    ['get -/secrets s controller', unrelated],
    ['list -/secrets d', 'No Object name found'],
    ['list -/secrets - env', 'can only read namespaced object of this type'],
    ['update -/secrets d env', 'can only read resources of this type'],
    ['list -/persistentvolumeclaims d claim', 'can only get individual resources of this type'],
    ['get -/persistentvolumeclaims/status d claim', 'can only get/update/patch this type'],
    ['get -/persistentvolumes - other', unrelated],
    ['create -/serviceaccounts d web', 'can only create token subresource of serviceaccount'],
    ['get -/serviceaccounts d web', 'can only create tokens for individual service accounts'],
    ['create -/serviceaccounts/token d admin', unrelated],
    ['get -/nodes - n2', "node 'n1' cannot read 'n2', only its own Node object"],
    ['list -/nodes -', "node 'n1' cannot read all nodes, only its own Node object"],
    ['delete -/nodes - n1', ''],
    [
      'get coordination.k8s.io/leases kube-node-lease n2',
      'can only access node lease with the same name as the requesting node',
    ],
    [
      'get coordination.k8s.io/leases kube-system n1',
      'can only access leases in the "kube-node-lease" system namespace',
    ],
    [
      'list coordination.k8s.io/leases kube-node-lease',
      'can only get, create, update, patch, or delete a node lease',
    ],
    ['get storage.k8s.io/csinodes - n2', 'can only access CSINode with the same name as the requesting node'],
    ['list -/pods d', 'can only list/watch pods with spec.nodeName field selector'],
    ['list -/pods d p9', unrelated],
    ['get -/pods d p9', unrelated],
    ['get -/pods/log d p1', ''],
    ['deletecollection -/pods d', ''],
    ['create apps/deployments d', ''],
  ] as const) {
    t.same(decide(asks(n1, where)), { isAllowed: false, reason }, where);
  }
  const ofOther = [
    { field: 'spec.nodeName', equal: true, value: 'n2' },
    { field: 'spec.nodeName', equal: false, value: 'n1' },
  ];
  t.notOk(decide(asks(n1, 'list -/pods -', ofOther)).isAllowed);
  t.notOk(decide(asksPath(n1, 'get', '/metrics')).isAllowed);
});

t.test('nodeAuthorizer knows nodes by name and group', async (t) => {
  const where = 'get -/secrets d env';
  t.same(decide(asks(makeUser('system:node:n1'), where)), { isAllowed: false, reason: '' });
  t.same(decide(asks(makeUser('n1', ['system:nodes']), where)), { isAllowed: false, reason: '' });
  t.match(decide(asks(makeUser('system:node:', ['system:nodes']), where)), {
    reason: 'unknown node for user "system:node:"',
  });
  t.notOk(decide(asks(makeUser('system:node:n2', ['system:nodes']), where)).isAllowed);
});

t.test('createNodeGraph follows pods and volumes as they come and go', async (t) => {
  const graph = graphOf(pod, volume);
  const isRelated = (kind: RelatedKind, namespace: string, name: string): boolean =>
    graph.isRelated('n1', kind, namespace, name);
  graph.put(object('Pod', 'd/p2', { nodeName: 'n1', serviceAccountName: 'web' }));
  graph.remove('Pod', 'd', 'p1');
  t.ok(isRelated('serviceAccount', 'd', 'web'), 'another pod needs it');
  t.notOk(isRelated('secret', 'd', 'env'));
  t.notOk(isRelated('persistentVolume', '', 'pv'), 'nobody has its claim');
  graph.put(pod);
  t.ok(isRelated('secret', 's', 'stage'));
  graph.remove('PersistentVolume', '', 'pv');
  t.notOk(isRelated('secret', 's', 'stage'));
  graph.put(attachment);
  graph.remove('VolumeAttachment', '', 'va');
  t.notOk(isRelated('volumeAttachment', '', 'va'));
  graph.put(object('Pod', 'd/p1', {}));
  t.notOk(isRelated('pod', 'd', 'p1'), 'nowhere');
});

t.test('createNodeGraph says what looking at every pod says', async (t) => {
  const secrets = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
  const change = fc.record({
    name: fc.constantFrom('p1', 'p2', 'p3'),
    node: fc.constantFrom('n1', 'n2', ''),
    secrets,
    isRemoved: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const graph = createNodeGraph();
      const there = new Map<string, { node: string; secrets: readonly string[] }>();
      for (const { name, node, secrets: needed, isRemoved } of changes) {
        if (isRemoved) graph.remove('Pod', 'd', name);
        else {
          const volumes = needed.map((secretName) => ({ secret: { secretName } }));
          graph.put(object('Pod', `d/${name}`, { nodeName: node, volumes }));
        }
        if (isRemoved) there.delete(name);
        else there.set(name, { node, secrets: needed });
      }
      for (const node of ['n1', 'n2']) {
        for (const secret of ['a', 'b', 'c']) {
          const expected = [...there.values()].some(
            (one) => one.node === node && one.secrets.includes(secret),
          );
          t.equal(graph.isRelated(node, 'secret', 'd', secret), expected);
        }
      }
    }),
  );
});
