/** Watches as clients meet them. */
import type { IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import { configMap, registry } from '../handlers/testing/open-kind.ts';
import { decodeObject } from '../schemas/protobuf/codec.ts';
import { Decoder } from '../schemas/protobuf/decode.ts';
import { openServer, until } from './testing/open-server.ts';

const base = '/api/v1/namespaces/d/configmaps';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

interface WatchEvent {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: of whatever form.
  readonly object: any;
}

type Server = Awaited<ReturnType<typeof openServer>>;

/** Opens a watch; its lines as they come. */
async function watching(t: Test, { open }: Server, query: string, headers: Record<string, string> = {}) {
  const request = open('GET', `${base}?watch=1&${query}`, headers);
  request.end();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  t.teardown(() => request.destroy());
  let bytes = Buffer.alloc(0);
  let ended = false;
  response.on('data', (piece: Buffer) => (bytes = Buffer.concat([bytes, piece])));
  response.once('end', () => (ended = true));
  response.on('error', () => {});
  const events = (): WatchEvent[] =>
    bytes
      .toString()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as WatchEvent);
  return { response, events, bytes: () => bytes, ended: () => ended, request };
}

const named = (name: string, more: object = {}) => ({
  ...configMap,
  metadata: { name, namespace: 'd', ...more },
});

const brief = ({ type, object }: WatchEvent): string => `${type} ${object.metadata.name ?? ''}`.trim();

t.test('a watch from a version tells what happened since, and what happens', async (t) => {
  const server = await openServer(t);
  const { ask } = server;
  await ask('POST', base, { body: named('a') });
  const list = JSON.parse((await ask('GET', base)).text);
  await ask('POST', base, { body: named('b') });
  const { response, events } = await watching(
    t,
    server,
    `resourceVersion=${list.metadata.resourceVersion}&allowWatchBookmarks=true`,
  );
  t.equal(response.headers['content-type'], 'application/json');
  await ask('DELETE', `${base}/a`);
  await until('both are told', () => events().length >= 2);
  t.same(events().map(brief), ['ADDED b', 'DELETED a']);
  const [added, deleted] = events() as [WatchEvent, WatchEvent];
  t.match(added.object, { kind: 'ConfigMap', apiVersion: 'v1', data: { k: 'v' } });
  t.ok(Number(deleted.object.metadata.resourceVersion) > Number(added.object.metadata.resourceVersion));
});

t.test('a watch without a version begins with what is there, and says where that ends', async (t) => {
  const server = await openServer(t);
  await server.ask('POST', base, { body: named('a') });
  await server.ask('POST', base, { body: named('b', { labels: { app: 'web' } }) });
  const whole = await watching(t, server, '');
  await until('all are told', () => whole.events().length >= 2);
  t.same(whole.events().map(brief), ['ADDED a', 'ADDED b']);
  const marked = await watching(
    t,
    server,
    'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=app%3Dweb',
  );
  await until('the end is marked', () => marked.events().length >= 2);
  t.same(marked.events().map(brief), ['ADDED b', 'BOOKMARK']);
  t.match(marked.events()[1]?.object, {
    kind: 'ConfigMap',
    metadata: { annotations: { 'k8s.io/initial-events-end': 'true' }, resourceVersion: /^\d+$/ },
  });
  await server.ask('PATCH', `${base}/b`, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { metadata: { labels: { app: 'db' } } },
  });
  await until('it has left', () => marked.events().length >= 3);
  t.same(marked.events().map(brief)[2], 'DELETED b');
});

t.test('a watch in tables, of metadata alone, and in protobuf', async (t) => {
  const server = await openServer(t);
  await server.ask('POST', base, { body: named('a') });
  const tables = await watching(t, server, '', { accept: table });
  t.equal(tables.response.headers['content-type'], table);
  const partial = await watching(t, server, '', {
    accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  });
  const proto = await watching(t, server, '', { accept: 'application/vnd.kubernetes.protobuf' });
  t.equal(proto.response.headers['content-type'], 'application/vnd.kubernetes.protobuf;stream=watch');
  await server.ask('POST', base, { body: named('b') });
  await until('both tables', () => tables.events().length >= 2);
  const [first, second] = tables.events() as [WatchEvent, WatchEvent];
  t.match(first.object, {
    kind: 'Table',
    columnDefinitions: [{ name: 'Name' }],
    rows: [{ cells: ['a', 1] }],
  });
  t.match(second.object, { kind: 'Table', columnDefinitions: null, rows: [{ cells: ['b', 1] }] });
  await until('both in part', () => partial.events().length >= 2);
  t.match(partial.events()[0], { object: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } });
  t.notOk('data' in (partial.events()[0]?.object ?? {}));
  const frames = (): Buffer[] => {
    const found: Buffer[] = [];
    let rest = proto.bytes();
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      found.push(rest.subarray(4, 4 + rest.readUInt32BE()));
      rest = rest.subarray(4 + rest.readUInt32BE());
    }
    return found;
  };
  await until('both in protobuf', () => frames().length >= 2);
  const type = registry.type('io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent');
  if (type === null) throw new Error('no such kind');
  const event = new Decoder(registry).message(type, frames()[0] as Buffer) as { type: string };
  t.equal(event.type, 'ADDED');
  const object = frames()[0]?.subarray((frames()[0] as Buffer).indexOf('k8s\0'));
  t.match(decodeObject(registry, object as Buffer), { kind: 'ConfigMap', metadata: { name: 'a' } });
});

t.test(
  'a watch from a version that is not kept says so, and one from the future waits or is refused',
  async (t) => {
    const server = await openServer(t);
    for (const name of ['a', 'b', 'c']) await server.ask('POST', base, { body: named(name) });
    const { metadata } = JSON.parse((await server.ask('GET', base)).text);
    await server.store.compact(Number(metadata.resourceVersion));
    const old = await watching(t, server, 'resourceVersion=1');
    t.equal(old.response.statusCode, 200);
    await until('it has ended', old.ended);
    t.match(old.events(), [{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
  },
);

t.test('a watch ends when its time is over, and when the client leaves nothing is left of it', async (t) => {
  const server = await openServer(t);
  const short = await watching(t, server, 'timeoutSeconds=1');
  await until('it has ended', short.ended);
  t.same(short.events(), []);
  let aborted = false;
  const { store } = server;
  const watch = store.watch.bind(store);
  store.watch = async (request, handlers, signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    await watch(request, handlers, signal);
  };
  const left = await watching(t, server, '');
  left.request.destroy();
  await until('the store is left too', () => aborted);
  t.same(server.faults, []);
});
