import t, { type Test } from 'tap';
import { realClock } from '../clock.ts';
import { startEtcd } from '../testing/etcd-process.ts';
import { testStore } from '../testing/store-suite.ts';
import { EtcdStore } from './etcd-store.ts';

t.setTimeout(600_000);

t.test('EtcdStore passes the store suite on a real etcd', { timeout: 300_000 }, async (t) => {
  const cluster = await startEtcd(t.testdir(), 1);
  const store = new EtcdStore({
    endpoints: cluster.endpoints,
    surroundings: { clock: realClock, random: Math.random },
  });
  t.teardown(async () => {
    await store.close();
    await cluster.close();
  });
  testStore(t as Test, store);
});
