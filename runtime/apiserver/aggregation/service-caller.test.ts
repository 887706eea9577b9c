import type { Duplex } from 'node:stream';
import t from 'tap';
import { createProxyIdentity } from '../../cluster/certificates.ts';
import { openServiceCaller } from './service-caller.ts';
import { openExtensionServer } from './testing/extension-server.ts';

t.test('a connection that breaks before anybody has taken it breaks nothing else', async (t) => {
  const own = await createProxyIdentity('0011223344556677', 'front-proxy-client');
  const server = await openExtensionServer(t, { group: 'g.example.com', serverName: 'things.default.svc' });
  const resolve = async () => ({ host: '127.0.0.1', port: server.port });
  const caller = openServiceCaller({ resolve, identity: () => own });
  t.teardown(() => caller.close());
  const service = {
    ...{ group: 'g.example.com', version: 'v1', groupPriority: 1, versionPriority: 1, port: 443 },
    ...{ namespace: 'default', name: 'things', authorities: server.authority },
    ...{ skipsVerification: false, isAvailable: true },
  };
  const user = { name: 'me', uid: '', groups: [], extra: {} };
  const { signal } = new AbortController();
  const headers = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];
  const upgraded = await caller.upgrade(service, { method: 'GET', path: '/', headers, user, signal });
  const { connection } = upgraded as { readonly connection: Duplex };
  const closed = new Promise((done) => connection.once('close', done));
  // As the network does it; without a listener it would end the whole process.
  setImmediate(() => connection.destroy(new Error('read ECONNRESET')));
  await closed;
  t.ok(connection.destroyed);
});
