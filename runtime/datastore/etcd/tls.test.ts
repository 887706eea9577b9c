/** The TLS port: for clients with a certificate of the right authority, and for nobody else. */
import path from 'node:path';
import t, { type Test } from 'tap';
import { Authority } from '../testing/certificates.ts';
import { shortDirectory, surroundings } from '../testing/etcd-face.ts';
import { startEtcd } from '../testing/etcd-process.ts';
import { openSoloStore } from '../testing/solo-store.ts';
import { errorOf, makeSubject } from '../testing/suite/subject.ts';
import { EtcdStore } from './etcd-store.ts';
import { startEtcdServer } from './server.ts';

t.setTimeout(600_000);

t.test('the port serves who has a certificate of its authority', async (t) => {
  const directory = shortDirectory(t as Test);
  const [ours, theirs] = [await Authority.make(directory, 'ours'), await Authority.make(directory, 'theirs')];
  const { store } = await openSoloStore(t as Test, path.join(directory, 'data'));
  const socket = path.join(directory, 'etcd.sock');
  const tls = await ours.issue('server');
  const server = await startEtcdServer({ store, socket, port: 0, address: '127.0.0.1', tls });
  t.teardown(() => server.close());
  const through = (endpoint: string, files?: typeof tls) => {
    const client = new EtcdStore({
      endpoints: [endpoint],
      tls: files,
      surroundings,
      limitMilliseconds: 1_500,
    });
    t.teardown(() => client.close());
    return makeSubject(client, 'tls');
  };
  const endpoint = `https://127.0.0.1:${server.port}`;
  const friend = through(endpoint, await ours.issue('client'));
  await friend.put('k', 'v');
  t.ok(await friend.get('k'));

  const stranger = await theirs.issue('client');
  for (const [title, client] of [
    ['a certificate of another authority', through(endpoint, { ...stranger, ca: tls.ca })],
    ['a client that expects another server', through(endpoint, stranger)],
    ['no TLS at all', through(endpoint.replace('https:', 'http:'))],
  ] as const) {
    t.equal((await errorOf(client.get('k')))?.code, 'unavailable', title);
  }
  t.ok(await friend.get('k'), 'the port goes on');
});

t.test('EtcdStore reaches an etcd that demands certificates', async (t) => {
  const directory = shortDirectory(t as Test);
  const authority = await Authority.make(directory, 'ca');
  const server = await authority.issue('etcd');
  const cluster = await startEtcd(directory, 1, [
    ...['--cert-file', server.certificate, '--key-file', server.key],
    ...['--trusted-ca-file', server.ca, '--client-cert-auth'],
  ]);
  t.teardown(() => cluster.close());
  const { endpoints } = cluster;
  const store = new EtcdStore({ endpoints, tls: await authority.issue('client'), surroundings });
  t.teardown(() => store.close());
  const { put, get } = makeSubject(store, 'tls');
  await put('k', 'v');
  t.ok(await get('k'));
  const bare = new EtcdStore({ endpoints, surroundings, limitMilliseconds: 1_000 });
  t.teardown(() => bare.close());
  t.equal((await errorOf(makeSubject(bare, 'tls').get('k')))?.code, 'unavailable');
});
