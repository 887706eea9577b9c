import t from 'tap';
import { listAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { eventually, namespaceOf, openCluster, runControllers } from '../testing/open-cluster.ts';

const place = { ...resources.namespaces, namespace: '', name: 'gone' };

t.test('a namespace goes with all that is in it', async (t) => {
  const cluster = await openCluster(t);
  const { client, faults } = cluster;
  const { warnings } = runControllers(t, cluster);
  await client.create(resources.namespaces, namespaceOf('gone'));
  await client.create(resources.namespaces, namespaceOf('stays'));
  const map = (namespace: string, name: string, more: object = {}) =>
    client.create(resources.configMaps, {
      ...{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace, ...more } },
    });
  for (let count = 0; count < 20; count += 1) await map('gone', `m-${count}`);
  await map('gone', 'held', { finalizers: ['example.com/f'] });
  await map('stays', 'm');
  await client.create(
    { group: 'apps', version: 'v1', resource: 'deployments' },
    {
      ...{ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'd', namespace: 'gone' } },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    },
  );
  await client.remove(place);
  const held = await eventually('what holds it up', async () => {
    const namespace = await client.get(place);
    const found = listAt(namespace, 'status', 'conditions').find(
      (one) => (one as { type: string }).type === 'NamespaceFinalizersRemaining',
    ) as { status: string; message: string } | undefined;
    return found?.status === 'True' ? found : null;
  });
  t.match(held.message, /: example\.com\/f in 1 resource instances$/);
  const { items } = await client.list({ ...resources.configMaps, namespace: 'gone' });
  t.same(
    items.map(({ metadata }) => metadata.name),
    ['held'],
  );
  await client.patch(
    { ...resources.configMaps, namespace: 'gone', name: 'held' },
    { kind: 'merge', body: { metadata: { finalizers: null } } },
  );
  await eventually('the end of the namespace', async () => (await client.find(place)) === null);
  t.ok(await client.find({ ...resources.configMaps, namespace: 'stays', name: 'm' }));
  t.same([warnings, faults], [[], []]);
});
