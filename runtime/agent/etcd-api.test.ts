/** etcd's API on real agents, at one that does not lead: what etcdctl says, and what a store must do. */
import t, { type Test } from 'tap';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
import { startEtcd } from '../datastore/testing/etcd-process.ts';
import { testEtcdctl } from '../datastore/testing/etcdctl-transcript.ts';
import { testStore } from '../datastore/testing/store-suite.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

async function startFollower(t: Test): Promise<TestNode> {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  const { leader } = await untilHighlyAvailable(nodes);
  const infos = await Promise.all(nodes.map((node) => node.info()));
  return nodes[infos.findIndex((info) => info.id !== leader)]!;
}

t.setTimeout(600_000);

t.test("Debian's etcdctl works at any node", { timeout: 180_000 }, async (t) => {
  const node = await startFollower(t as Test);
  await testEtcdctl(t as Test, `unix:${node.etcdSocket}`);
});

t.test(
  'a node that does not lead passes the store suite, seen through etcd',
  { timeout: 300_000 },
  async (t) => {
    const node = await startFollower(t as Test);
    const store = new EtcdStore({
      endpoints: [`unix:${node.etcdSocket}`],
      surroundings: { clock: realClock, random: Math.random },
    });
    t.teardown(() => store.close());
    await until('the API answers', async () => (await store.status()).leader);
    testStore(t as Test, store);
  },
);

t.test(
  "an agent keeps users' data in the external etcd that its configuration names",
  { timeout: 120_000 },
  async (t) => {
    const external = await startEtcd(t.testdir(), 1);
    t.teardown(() => external.close());
    const more = { datastore: { etcd: { endpoints: external.endpoints } } };
    const [node] = await makeNodes(t as Test, { size: 1, expect: 1, more });
    if (!node) throw new Error('a node was asked for');
    node.start();
    await until('it is a member', async () => (await node.status()).self.state === 'member');
    await node.put('greeting', 'hello');
    t.equal(await node.get('greeting'), 'hello');
    const surroundings = { clock: realClock, random: Math.random };
    const direct = new EtcdStore({ endpoints: external.endpoints, surroundings });
    const through = new EtcdStore({ endpoints: [`unix:${node.etcdSocket}`], surroundings });
    t.teardown(() => Promise.all([direct.close(), through.close()]));
    for (const store of [direct, through]) {
      const { items } = await store.range({ key: Buffer.from('greeting') });
      t.equal(Buffer.from(items[0]?.value ?? []).toString(), 'hello');
    }
    await external.close();
    await t.rejects(node.put('greeting', 'again'), /./, 'no etcd, no write');
    t.ok(node.running, 'and the agent lives on');
  },
);
