/** Agents as processes on loopback, and a real kubectl that asks each of them. */
import t from 'tap';
import { makeOperator } from './testing/kubectl.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

t.test('kubectl works against every node, and goes on with another when one is lost', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const nodes = await makeNodes(t, { size: 3, api: true, more: { operators } });
  for (const node of nodes) node.start();
  const { leader } = await untilHighlyAvailable(nodes);
  const infos = await Promise.all(nodes.map(async (node) => ({ node, id: (await node.status()).self.id })));
  const leading = infos.find(({ id }) => id === leader)?.node as TestNode;
  const [second, third] = nodes.filter((node) => node !== leading) as [TestNode, TestNode];
  const { kubectl } = operator;

  for (const node of nodes) {
    const version = await kubectl(node, ['version', '-o', 'json']);
    t.equal(version.code, 0, version.err);
    t.match(JSON.parse(version.out), {
      clientVersion: { gitVersion: 'v1.32.3' },
      serverVersion: { major: '1', minor: '32', gitVersion: /^v1\.32\.3\+trivet\./ },
    });
  }
  const listed = await until('every node is there as one', async () => {
    const said = await kubectl(second, ['get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}']);
    return said.out.split(' ').length === 3 ? said.out.split(' ') : null;
  });
  const { nodes: known } = await second.status();
  t.same(listed, known.map(({ name }) => name).toSorted(), 'by its name in the cluster');
  const namespace = await kubectl(second, ['create', 'namespace', 'shop']);
  t.match(namespace, { code: 0, out: 'namespace/shop created\n' });
  const watch = await operator.follow(third, ['get', 'configmaps', '-n', 'shop', '--watch', '-o', 'name']);
  const created = await kubectl(second, ['create', 'configmap', 'a', '-n', 'shop', '--from-literal=k=v']);
  t.match(created, { code: 0, out: 'configmap/a created\n' });
  for (const node of nodes) {
    const read = await kubectl(node, ['get', 'configmap', 'a', '-n', 'shop', '-o', 'jsonpath={.data.k}']);
    t.match(read, { code: 0, out: 'v' }, 'what one has confirmed, all show');
  }
  await until('the watch on the third has told it', async () => watch.said().out.includes('configmap/a'));

  await leading.stop('SIGKILL');
  const later = await until('a survivor takes a write', async () => {
    const said = await kubectl(third, ['create', 'configmap', 'b', '-n', 'shop', '--from-literal=k=w']);
    return said.code === 0 || said.err.includes('AlreadyExists') ? said : null;
  });
  t.ok(later);
  const left = await kubectl(second, ['get', 'configmaps', '-n', 'shop', '-o', 'name']);
  t.match(left, { code: 0, out: 'configmap/a\nconfigmap/b\n' });
  await until('the same watch goes on', async () => watch.said().out.includes('configmap/b'));
});

t.test('a node that holds no data serves it all the same', async (t) => {
  const operator = makeOperator(t, t.testdir());
  const operators = [{ name: operator.name, key: operator.key }];
  const roles = { voters: 1, standbys: 0 };
  const nodes = await makeNodes(t, { size: 2, expect: 2, api: true, more: { operators, roles } });
  for (const node of nodes) node.start();
  const { nodes: known } = await until('both are members, one of them a spare', async () => {
    const status = await (nodes[0] as TestNode).status();
    return status.nodes.some(({ role }) => role === 'spare') ? status : null;
  });
  const spareId = known.find(({ role }) => role === 'spare')?.id;
  const ids = await Promise.all(nodes.map(async (node) => (await node.status()).self.id));
  const spare = nodes[ids.indexOf(spareId ?? '')] as TestNode;
  await until('there is a namespace to write to', async () => {
    return (await operator.kubectl(spare, ['get', 'namespace', 'default'])).code === 0;
  });
  const made = await operator.kubectl(spare, ['create', 'configmap', 'a', '--from-literal=k=v']);
  t.match(made, { code: 0, out: 'configmap/a created\n' });
  const read = await operator.kubectl(spare, ['get', 'configmap', 'a', '-o', 'jsonpath={.data.k}']);
  t.match(read, { code: 0, out: 'v' });
});
