import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { resources } from '../client/places.ts';
import { eventually, namespaceOf, openCluster, runControllers } from '../testing/open-cluster.ts';

t.test('a quota says what is used, as objects come and go', async (t) => {
  const cluster = await openCluster(t);
  const { client, faults } = cluster;
  const { warnings } = runControllers(t, cluster);
  await client.create(resources.namespaces, namespaceOf('d'));
  const hard = {
    pods: '10',
    'requests.cpu': '2',
    'count/configmaps': '5',
    'count/nonsense.example.com': '1',
  };
  const place = { ...resources.resourceQuotas, namespace: 'd', name: 'q' };
  await client.create(resources.resourceQuotas, {
    ...{ kind: 'ResourceQuota', apiVersion: 'v1', metadata: { name: 'q', namespace: 'd' }, spec: { hard } },
  });
  const used = (wanted: Readonly<Record<string, string>>) =>
    eventually(JSON.stringify(wanted), async () => {
      const { status } = (await client.get(place)) as ApiObject & {
        status?: { used?: Record<string, string> };
      };
      return Object.entries(wanted).every(([name, quantity]) => status?.used?.[name] === quantity);
    });
  await used({ pods: '0', 'requests.cpu': '0', 'count/nonsense.example.com': '0' });
  const pods = { group: '', version: 'v1', resource: 'pods' };
  for (const name of ['a', 'b']) {
    const containers = [{ name: 'c', image: 'i', resources: { requests: { cpu: '250m' } } }];
    await client.create(pods, {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name, namespace: 'd' },
      spec: { containers },
    });
  }
  // The CA's is one of them.
  await used({ pods: '2', 'requests.cpu': '500m', 'count/configmaps': '1' });
  await client.remove({ ...pods, namespace: 'd', name: 'a' }, { graceSeconds: 0 });
  await used({ pods: '1', 'requests.cpu': '250m' });
  await client.patch(place, { kind: 'merge', body: { spec: { hard: { pods: null, secrets: '3' } } } });
  await used({ secrets: '0' });
  const { status } = await client.get(place);
  t.notMatch(status, { used: { pods: /./ } });
  t.same([warnings, faults], [[], []]);
});
