import t from 'tap';
import type { ApiObject, ObjectMetadata } from '../../apiserver/objects/object-bytes.ts';
import { type GraphNode, needsLook, ownerGraph } from './owner-graph.ts';
import { type OwnerState, planCollection } from './plan-collection.ts';

const of = {
  ...{ group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap' },
  ...{ namespaced: true, verbs: [], isPreferred: true },
};
const deletionTimestamp = '2026-01-01T00:00:00Z';
const inForeground = { deletionTimestamp, finalizers: ['example.com/f', 'foregroundDeletion'] };

function object(name: string, metadata: ObjectMetadata = {}): ApiObject {
  const own = { name, namespace: 'd', uid: `uid-${name}`, resourceVersion: '7' };
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { ...own, ...metadata } };
}

function node(name: string, metadata: ObjectMetadata = {}): GraphNode {
  return { of, object: object(name, metadata) };
}

function reference(name: string, more: object = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid: `uid-${name}`, ...more };
}

const states = (...all: readonly OwnerState['state'][]): readonly OwnerState[] =>
  all.map((state, index) => ({ reference: reference(`o${index}`), state }));

t.test('planCollection decides by the owners that are left', async (t) => {
  const item = node('a');
  const removal = (propagation: string) => [{ kind: 'remove', options: { uid: 'uid-a', propagation } }];
  const patch = (ownerReferences: unknown) => [
    {
      kind: 'patch',
      patch: { kind: 'merge', body: { metadata: { uid: 'uid-a', resourceVersion: '7', ownerReferences } } },
    },
  ];
  for (const [name, owners, dependents, expected] of [
    ['none', [], [], []],
    ['all there', states('there', 'there'), [], []],
    ['all gone', states('gone', 'gone'), [], removal('Background')],
    ['one gone', states('there', 'gone'), [], patch([reference('o0')])],
    ['one waits', states('there', 'waiting'), [], patch([reference('o0')])],
    ['waits for it', states('waiting'), [], removal('Background')],
    ['waits for it and what it owns', states('waiting'), [node('b')], removal('Foreground')],
    ['nobody knows', states('gone', 'impossible'), [], []],
  ] as const) {
    t.match(planCollection({ node: item, live: item.object, owners, dependents }), expected, name);
  }
  const kept = object('a', { finalizers: ['orphan'] });
  t.match(
    planCollection({ node: item, live: kept, owners: states('gone'), dependents: [] }),
    removal('Orphan'),
  );
});

t.test('planCollection does nothing to what is another or gone', async (t) => {
  const item = node('a');
  t.same(planCollection({ node: item, live: null, owners: states('gone'), dependents: [] }), []);
  const another = object('a', { uid: 'other' });
  t.same(planCollection({ node: item, live: another, owners: states('gone'), dependents: [] }), []);
  const deleted = object('a', { deletionTimestamp, finalizers: ['example.com/f'] });
  t.same(planCollection({ node: item, live: deleted, owners: states('gone'), dependents: [] }), []);
});

t.test('planCollection sees a deletion in the foreground to its end', async (t) => {
  const item = node('a', inForeground);
  const plan = (dependents: readonly GraphNode[]) =>
    planCollection({ node: item, live: item.object, owners: [], dependents });
  const last = { kind: 'patch', patch: { body: { metadata: { finalizers: ['example.com/f'] } } } };
  t.match(plan([]), [last]);
  const free = node('b', { ownerReferences: [reference('a')] });
  t.match(plan([free]), [{ kind: 'look', uids: ['uid-b'] }, last]);
  const blocking = node('c', { ownerReferences: [reference('a', { blockOwnerDeletion: true })] });
  t.same(plan([blocking]), [{ kind: 'look', uids: ['uid-c'] }]);
  const going = node('c', { ...blocking.object.metadata, deletionTimestamp });
  t.same(plan([going]), []);
});

t.test('planCollection breaks a circle of what waits for one another', async (t) => {
  const item = node('a', { ownerReferences: [reference('o0', { blockOwnerDeletion: true })] });
  const dependents = [node('b', inForeground)];
  t.match(planCollection({ node: item, live: item.object, owners: states('waiting'), dependents }), [
    { patch: { body: { metadata: { ownerReferences: [{ name: 'o0', blockOwnerDeletion: false }] } } } },
    { kind: 'remove', options: { propagation: 'Foreground' } },
  ]);
});

t.test('ownerGraph says whom a change concerns', async (t) => {
  const graph = ownerGraph();
  const child = node('child', { ownerReferences: [reference('owner')] });
  t.same(graph.put(child), ['uid-child'], 'its owner is not known');
  t.same(graph.put(node('owner')), []);
  t.notOk(needsLook(child, graph.node));
  t.same(graph.put(child), [], 'nothing is new');
  t.same(graph.put(node('owner', inForeground)), ['uid-owner']);
  t.same(graph.dependents('uid-owner'), [child]);
  t.same(
    graph.put(node('child', { ownerReferences: [] })),
    ['uid-owner'],
    'it is free, and its owner may go on',
  );
  t.same(graph.dependents('uid-owner'), []);
  graph.put(child);
  t.same(graph.remove('uid-owner'), ['uid-child']);
  t.same(graph.remove('uid-child'), []);
  t.same(graph.dependents('uid-owner'), []);
});

t.test(
  'ownerGraph takes a reference into another namespace, or by another name, for a mistake',
  async (t) => {
    const graph = ownerGraph();
    graph.put(node('stranger', { namespace: 'e', ownerReferences: [reference('owner')] }));
    graph.put(node('mistaken', { ownerReferences: [reference('owner', { name: 'other' })] }));
    graph.put(node('child', { ownerReferences: [reference('owner')] }));
    t.same(graph.put(node('owner')), ['uid-stranger', 'uid-mistaken']);
    t.same(graph.put(node('late', { namespace: 'e', ownerReferences: [reference('owner')] })), ['uid-late']);
  },
);
