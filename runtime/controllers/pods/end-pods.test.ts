import t from 'tap';
import { resources } from '../client/places.ts';
import { fakeClock } from '../testing/fake-clock.ts';
import { eventually, namespaceOf, openCluster, runControllers } from '../testing/open-cluster.ts';

t.test('pods of a node that is gone go a while after it, and those of others stay', async (t) => {
  const cluster = await openCluster(t);
  const { client } = cluster;
  const clock = fakeClock();
  const { warnings, stop } = runControllers(t, cluster, { clock });
  /** Time goes on as long as nothing has come of it. */
  const later = <T>(what: string, check: () => Promise<T | null | false>) =>
    eventually(what, async () => {
      await clock.advance(1000);
      return await check();
    });
  const namespace = { ...resources.namespaces, namespace: '', name: 'kube-system' };
  await later('the roles', () => client.find(namespace));
  await client.create(resources.namespaces, namespaceOf('d'));
  const nodePlace = { ...resources.nodes, namespace: '', name: 'gone' };
  for (const name of ['gone', 'stays']) {
    await client.create(resources.nodes, { kind: 'Node', apiVersion: 'v1', metadata: { name } });
    await client.create(resources.pods, {
      ...{ kind: 'Pod', apiVersion: 'v1', metadata: { name: `on-${name}`, namespace: 'd' } },
      spec: { nodeName: name, containers: [{ name: 'c', image: 'i' }] },
    });
  }
  await client.remove(nodePlace);
  const removedAtMs = clock.now();
  const pod = { ...resources.pods, namespace: 'd', name: 'on-gone' };
  await later('the end of the pod', async () => (await client.find(pod)) === null);
  t.ok(clock.now() - removedAtMs >= 40_000);
  t.ok(await client.find({ ...pod, name: 'on-stays' }));
  await stop();
  t.same(warnings, []);
});
