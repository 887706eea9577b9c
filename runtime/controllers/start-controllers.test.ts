import t from 'tap';
import { resources } from './client/places.ts';
import { eventually, namespaceOf, openCluster, runControllers } from './testing/open-cluster.ts';

t.test('startControllers gives a new cluster what every cluster has', async (t) => {
  const cluster = await openCluster(t);
  const { client, faults } = cluster;
  const { warnings } = runControllers(t, cluster);
  for (const namespace of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    const place = { namespace, name: 'kube-root-ca.crt' };
    const map = await eventually(`the CA in ${namespace}`, () =>
      client.find({ ...resources.configMaps, ...place }),
    );
    t.match(map, { data: { 'ca.crt': 'CA' } });
    await eventually(`the account in ${namespace}`, () =>
      client.find({ ...resources.serviceAccounts, namespace, name: 'default' }),
    );
  }
  for (const name of ['admin', 'edit', 'view']) {
    await eventually(`the rules of ${name}`, async () => {
      const role = await client.get({ ...resources.clusterRoles, namespace: '', name });
      return Array.isArray(role.rules) && role.rules.length > 5;
    });
  }
  const place = { namespace: 'default', name: 'kubernetes' };
  t.match(await client.get({ ...resources.services, ...place }), {
    spec: { clusterIP: '10.96.0.1', ports: [{ port: 443, targetPort: 6443 }] },
  });
  const slice = await eventually('the slice', () => client.find({ ...resources.endpointSlices, ...place }));
  t.match(slice, { endpoints: [{ addresses: ['192.0.2.1'] }, { addresses: ['192.0.2.2'] }] });
  const counts = { priorityClasses: 2, flowSchemas: 13, priorityLevels: 8 } as const;
  for (const [name, count] of Object.entries(counts)) {
    const { items } = await client.list({ ...resources[name as keyof typeof counts], namespace: '' });
    t.equal(items.length, count, name);
  }
  t.same(warnings, []);
  t.same(faults, []);
});

t.test(
  'startControllers gives a namespace that comes later, or that lost something, what it lacks',
  async (t) => {
    const cluster = await openCluster(t);
    const { client } = cluster;
    runControllers(t, cluster);
    await eventually('namespaces', () =>
      client.find({ ...resources.namespaces, namespace: '', name: 'default' }),
    );
    await client.create(resources.namespaces, namespaceOf('later'));
    const account = { ...resources.serviceAccounts, namespace: 'later', name: 'default' };
    const { metadata } = await eventually('the account', () => client.find(account));
    await client.remove(account);
    await eventually('another account', async () => {
      const next = await client.find(account);
      return next !== null && next.metadata.uid !== metadata.uid;
    });
    const map = { ...resources.configMaps, namespace: 'later', name: 'kube-root-ca.crt' };
    await eventually('the CA', () => client.find(map));
    await client.patch(map, { kind: 'merge', body: { data: { 'ca.crt': 'another' } } });
    await eventually('the CA again', async () => {
      const { data } = await client.get(map);
      return (data as { 'ca.crt': string })['ca.crt'] === 'CA';
    });
  },
);

t.test('startControllers runs the controllers on one node, and on another when that one ends', async (t) => {
  const cluster = await openCluster(t);
  const { client } = cluster;
  const one = runControllers(t, cluster, { identity: 'one' });
  const two = runControllers(t, cluster, { identity: 'two' });
  const first = await eventually('a leader', async () => [one, two].find(({ isLeading }) => isLeading()));
  const second = first === one ? two : one;
  t.notOk(second.isLeading());
  await first.stop();
  await eventually('another leader', async () => second.isLeading());
  t.notOk(first.isLeading());
  const lease = await client.get({
    ...resources.leases,
    namespace: 'kube-system',
    name: 'kube-controller-manager',
  });
  t.match(lease, { spec: { holderIdentity: second === one ? 'one' : 'two', leaseTransitions: 1 } });
});
