import t, { type Test } from 'tap';
import { startFace, surroundings } from '../testing/etcd-face.ts';
import { testEtcdctl } from '../testing/etcdctl-transcript.ts';
import { testStore } from '../testing/store-suite.ts';
import { EtcdStore } from './etcd-store.ts';

t.test('the API passes the store suite, seen through a client of etcd', { timeout: 300_000 }, async (t) => {
  const face = await startFace(t as Test);
  const through = new EtcdStore({ endpoints: [face.endpoint], surroundings });
  t.teardown(() => through.close());
  testStore(t as Test, through);
});

t.test("Debian's etcdctl works on the API", { timeout: 120_000 }, async (t) => {
  const face = await startFace(t as Test);
  await testEtcdctl(t as Test, face.endpoint);
});
