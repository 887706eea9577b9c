/** What another server answers, as a controller sees it: it comes in pieces of any length. */
import t from 'tap';
import { type Aggregation, openAggregation } from '../../apiserver/aggregation/open-aggregation.ts';
import {
  makeCertificate,
  openExtensionServer,
} from '../../apiserver/aggregation/testing/extension-server.ts';
import { openServer } from '../../apiserver/http/testing/open-server.ts';
import { eventually, root } from '../testing/open-cluster.ts';
import { apiClient } from './api-client.ts';
import { discoverResources } from './discover.ts';
import { type WatchEvent, watchFrames } from './lists.ts';
import { resources } from './places.ts';

const group = 'things.example.com';
const version = 'v1alpha1';

t.test('apiClient lists, reads and watches what another server has', async (t) => {
  const extension = await openExtensionServer(t, { group, serverName: 'things.default.svc' });
  const identity = await makeCertificate('client');
  const parts: { aggregation?: Aggregation } = {};
  const { server } = await openServer(t, {}, (store) => {
    parts.aggregation = openAggregation({
      ...{ store, identity: () => identity, isBuiltIn: (of) => of !== group },
      resolve: async () => ({ host: '127.0.0.1', port: extension.port }),
    });
    return { aggregation: parts.aggregation };
  });
  const aggregation = parts.aggregation as Aggregation;
  t.teardown(() => aggregation.close());
  const client = apiClient({ server, user: root, userAgent: 'test/1' });
  const service = { namespace: 'default', name: 'things' };
  const apiService = await client.create(resources.apiServices, {
    ...{
      kind: 'APIService',
      apiVersion: 'apiregistration.k8s.io/v1',
      metadata: { name: `${version}.${group}` },
    },
    spec: {
      ...{ group, version, service, groupPriorityMinimum: 1, versionPriority: 1 },
      caBundle: Buffer.from(extension.authority).toString('base64'),
    },
  });
  const conditions = [{ type: 'Available', status: 'True', reason: 'Test', message: '' }];
  await client.update(resources.apiServices, { ...apiService, status: { conditions } }, 'status');
  await eventually('its resources are known', async () => aggregation.versions()[0]?.freshness === 'Current');
  const found = await discoverResources(client);
  t.same(found.stale, []);
  t.match(
    found.resources.find((one) => one.group === group),
    { resource: 'widgets', kind: 'Widget', namespaced: true },
  );

  const widgets = { group, version, resource: 'widgets', namespace: 'default' };
  const list = await client.list(widgets);
  t.match(list, {
    resourceVersion: '7',
    items: [{ metadata: { name: 'one' } }, { metadata: { name: 'two' } }],
  });
  t.equal(await client.find({ ...widgets, name: 'none' }), null);
  const stop = new AbortController();
  const told: string[] = [];
  const watching = client
    .watch(
      widgets,
      { resourceVersion: '7' },
      ({ object }) => told.push(object.metadata.name ?? ''),
      stop.signal,
    )
    .catch(() => {});
  await eventually('it watches', async () => extension.watching() === 1);
  for (const name of ['three', 'four']) extension.tell(name);
  await eventually('it is told', async () => told.join() === 'three,four');
  stop.abort();
  await watching;
  extension.fault = 500;
  await t.rejects(client.list(widgets), { code: 500 });
});

t.test('watchFrames finds events whatever the pieces in which they come', async (t) => {
  const events = ['ä', 'b', 'c'].map(
    (name): WatchEvent => ({
      type: 'ADDED',
      object: { kind: 'Widget', apiVersion: 'v1', metadata: { name } },
    }),
  );
  const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  for (const length of [1, 7, 50, bytes.length]) {
    const seen: WatchEvent[] = [];
    const put = watchFrames((event) => seen.push(event));
    for (let at = 0; at < bytes.length; at += length) put(bytes.subarray(at, at + length));
    t.same(seen, events, `pieces of ${length}`);
  }
});
