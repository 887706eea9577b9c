import t, { type Test } from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { listAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { eventually, namespaceOf, openCluster, runControllers } from '../testing/open-cluster.ts';

type Owner = Readonly<Record<string, unknown>>;

async function open(t: Test) {
  const cluster = await openCluster(t);
  const { client } = cluster;
  const { warnings } = runControllers(t, cluster);
  await client.create(resources.namespaces, namespaceOf('d'));
  await client.create(resources.namespaces, namespaceOf('e'));
  const place = (name: string, namespace = 'd') => ({ ...resources.configMaps, namespace, name });
  const make = (name: string, ownerReferences: readonly Owner[] = [], namespace = 'd'): Promise<ApiObject> =>
    client.create(resources.configMaps, {
      ...{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace, ownerReferences } },
    });
  const isGone = async (name: string) => (await client.find(place(name))) === null;
  return { ...cluster, warnings, place, make, isGone };
}

function ownedBy({ metadata: { name, uid } }: ApiObject, more: object = {}): Owner {
  return { apiVersion: 'v1', kind: 'ConfigMap', name, uid, ...more };
}

t.test('what is owned goes when its last owner is gone, and what that owned', async (t) => {
  const { client, make, place, isGone, warnings, faults } = await open(t);
  const [one, two] = [await make('one'), await make('two')];
  const child = await make('child', [ownedBy(one), ownedBy(two)]);
  await make('grandchild', [ownedBy(child)]);
  await client.remove(place('one'));
  await eventually('one owner less', async () => {
    const owners = listAt((await client.get(place('child'))).metadata, 'ownerReferences');
    return owners.length === 1;
  });
  t.notOk(await isGone('grandchild'));
  await client.remove(place('two'));
  await eventually('the end of all', async () => (await isGone('child')) && (await isGone('grandchild')));
  t.same([warnings, faults], [[], []]);
});

t.test('an object whose owner never was goes, unless nobody can say which is meant', async (t) => {
  const { client, make, isGone } = await open(t);
  const owner = await make('owner');
  await make('stays', [ownedBy(owner)]);
  await make('wrong-uid', [ownedBy(owner, { uid: 'another' })]);
  await make('wrong-name', [ownedBy(owner, { name: 'another' })]);
  await make('wrong-namespace', [ownedBy(owner)], 'e');
  await make('unknown-kind', [ownedBy(owner, { kind: 'Nonsense', uid: 'n' })]);
  const role = { kind: 'ClusterRole', apiVersion: 'rbac.authorization.k8s.io/v1', rules: [] };
  const metadata = { name: 'of-a-namespace', ownerReferences: [ownedBy(owner, { uid: 'u' })] };
  await client.create(resources.clusterRoles, { ...role, metadata });
  await eventually('the end of three', async () => {
    const other = await client.find({ ...resources.configMaps, namespace: 'e', name: 'wrong-namespace' });
    return (await isGone('wrong-uid')) && (await isGone('wrong-name')) && other === null;
  });
  t.notOk(await isGone('stays'));
  t.notOk(await isGone('unknown-kind'));
  t.ok(await client.find({ ...resources.clusterRoles, namespace: '', name: 'of-a-namespace' }));
});

t.test('a deletion in the foreground ends when what blocks it is gone', async (t) => {
  const { client, make, place, isGone } = await open(t);
  const owner = await make('owner');
  const child = await make('child', [ownedBy(owner, { blockOwnerDeletion: true })]);
  await make('grandchild', [ownedBy(child, { blockOwnerDeletion: true })]);
  const held = { metadata: { finalizers: ['example.com/f'] } };
  await client.patch(place('grandchild'), { kind: 'merge', body: held });
  await make('bystander', [ownedBy(owner)]);
  await client.remove(place('owner'), { propagation: 'Foreground' });
  await eventually('the bystander', () => isGone('bystander'));
  await eventually('the grandchild is deleted', async () => {
    const { metadata } = await client.get(place('grandchild'));
    return metadata.deletionTimestamp !== undefined;
  });
  t.notOk(await isGone('owner'));
  t.notOk(await isGone('child'));
  await client.patch(place('grandchild'), { kind: 'merge', body: { metadata: { finalizers: null } } });
  await eventually('the end of all', async () => (await isGone('owner')) && (await isGone('child')));
});

t.test('what is orphaned stays, without its owner', async (t) => {
  const { client, make, place, isGone } = await open(t);
  const owner = await make('owner');
  await make('child', [ownedBy(owner)]);
  await client.remove(place('owner'), { propagation: 'Orphan' });
  await eventually('the end of the owner', () => isGone('owner'));
  const child = await client.get(place('child'));
  t.same(listAt(child.metadata, 'ownerReferences'), []);
});

t.test('a circle in the foreground ends', async (t) => {
  const { client, make, place, isGone } = await open(t);
  const a = await make('a');
  const b = await make('b', [ownedBy(a, { blockOwnerDeletion: true })]);
  const ownerReferences = [ownedBy(b, { blockOwnerDeletion: true })];
  await client.patch(place('a'), { kind: 'merge', body: { metadata: { ownerReferences } } });
  await client.remove(place('a'), { propagation: 'Foreground' });
  await eventually('the end of both', async () => (await isGone('a')) && (await isGone('b')));
});
