/** etcd's API on real agents, at one that does not lead: what etcdctl says, and what a store must do. */
import t, { type Test } from 'tap';
import { realClock } from '../datastore/clock.ts';
import { EtcdStore } from '../datastore/etcd/etcd-store.ts';
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
