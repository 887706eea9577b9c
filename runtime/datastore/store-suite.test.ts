import t, { type Test } from 'tap';
import { openSoloStore } from './testing/solo-store.ts';
import { testStore } from './testing/store-suite.ts';

t.test('the embedded store passes the suite that a real etcd passes', { timeout: 300_000 }, async (t) => {
  const { store } = await openSoloStore(t as Test, t.testdir());
  testStore(t as Test, store);
});

t.test('so it does over a port, as on the main thread', { timeout: 300_000 }, async (t) => {
  const { store } = await openSoloStore(t as Test, t.testdir(), { overPort: true });
  testStore(t as Test, store);
});
