import path from 'node:path';
import t, { type Test } from 'tap';
import { realClock } from '../clock.ts';
import { startEtcd } from '../testing/etcd-process.ts';
import { testStore } from '../testing/store-suite.ts';
import { EtcdStore } from './etcd-store.ts';
import { startEtcdServer } from './server.ts';

const surroundings = { clock: realClock, random: Math.random };

t.test(
  'the server passes the store suite, seen through a client of etcd',
  { timeout: 300_000 },
  async (t) => {
    const directory = t.testdir();
    const cluster = await startEtcd(directory, 1);
    const behind = new EtcdStore({ endpoints: cluster.endpoints, surroundings });
    const socket = path.join(directory, 'run/etcd.sock');
    const server = await startEtcdServer({ store: behind, socket });
    const through = new EtcdStore({ endpoints: [`unix:${socket}`], surroundings });
    t.teardown(async () => {
      await through.close();
      await server.close();
      await behind.close();
      await cluster.close();
    });
    testStore(t as Test, through);
  },
);
