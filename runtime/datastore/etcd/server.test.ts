import path from 'node:path';
import t, { type Test } from 'tap';
import { shortDirectory, startFace, surroundings } from '../testing/etcd-face.ts';
import { testEtcdctl } from '../testing/etcdctl-transcript.ts';
import { openSoloStore } from '../testing/solo-store.ts';
import { testStore } from '../testing/store-suite.ts';
import { EtcdStore } from './etcd-store.ts';
import { startEtcdServer } from './server.ts';

t.setTimeout(600_000);

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

t.test("Debian's etcdctl works on the embedded store", { timeout: 120_000 }, async (t) => {
  const directory = shortDirectory(t as Test);
  const { store } = await openSoloStore(t as Test, path.join(directory, 'data'));
  const socket = path.join(directory, 'etcd.sock');
  const server = await startEtcdServer({ store, socket });
  t.teardown(() => server.close());
  await testEtcdctl(t as Test, `unix:${socket}`);
});
