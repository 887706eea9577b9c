/** The API as clients meet it: over TLS, by HTTP/1.1 and HTTP/2. */
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import type { Attributes } from '../authorization/attributes.ts';
import { allowMasters } from '../authorization/authorizer.ts';
import { noAdmission } from '../handlers/admission.ts';
import { configMap, registry } from '../handlers/testing/open-kind.ts';
import { decodeObject, encodeObject } from '../schemas/protobuf/codec.ts';
import { openServer } from './testing/open-server.ts';

const base = '/api/v1/namespaces/d/configmaps';
const protobuf = 'application/vnd.kubernetes.protobuf';
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

t.test('a life of an object, by HTTP/1.1', async (t) => {
  const { ask } = await openServer(t);
  const made = await ask('POST', base, { body: configMap });
  t.equal(made.code, 201);
  t.equal(made.headers['content-type'], 'application/json');
  t.match(made.headers['audit-id'], /^[0-9a-f-]{36}$/);
  t.match(JSON.parse(made.text), { kind: 'ConfigMap', metadata: { name: 'a', namespace: 'd' } });
  t.match(JSON.parse((await ask('GET', `${base}/a`)).text), { data: { k: 'v' } });
  const warned = await ask('PUT', `${base}/a`, { body: { ...configMap, 'od\'d "ä': 1 } });
  t.same(warned.headers.warning, `299 - "unknown field \\"od'd \\"?\\""`);
  t.equal((await ask('DELETE', `${base}/a`)).code, 200);
  const gone = await ask('GET', `${base}/a`);
  t.equal(gone.code, 404);
  t.match(JSON.parse(gone.text), { kind: 'Status', reason: 'NotFound', message: 'configmaps "a" not found' });
  const inProtobuf = await ask('GET', `${base}/a`, { headers: { accept: protobuf } });
  t.match(decodeObject(registry, inProtobuf.bytes), { kind: 'Status', code: 404 });
});

t.test('many requests over one connection of HTTP/2', async (t) => {
  const { connect2 } = await openServer(t);
  const session = connect2();
  const ask = (method: string, path: string, body?: Uint8Array): Promise<{ code: number; text: string }> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, 'content-type': protobuf });
      let code = 0;
      const pieces: Buffer[] = [];
      stream.once('response', (headers) => (code = Number(headers[':status'])));
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.once('end', () => resolve({ code, text: Buffer.concat(pieces).toString() }));
      stream.once('error', reject);
      stream.end(body);
    });
  const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
  const made = await Promise.all(
    names.map((name) => {
      const object = { ...configMap, metadata: { name, namespace: 'd' } };
      return ask('POST', base, encodeObject(registry, object));
    }),
  );
  t.same(new Set(made.map(({ code }) => code)), new Set([201]));
  const { items } = JSON.parse((await ask('GET', base)).text) as { items: { metadata: { name: string } }[] };
  t.same(
    items.map(({ metadata }) => metadata.name),
    names.toSorted(),
  );
});

t.test('discovery, documents and health', async (t) => {
  const { ask } = await openServer(t);
  const all = await ask('GET', '/apis', { headers: { accept: aggregated } });
  t.equal(
    all.headers['content-type'],
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
    'the answer says what it is',
  );
  t.match(JSON.parse(all.text), { kind: 'APIGroupDiscoveryList' });
  const etag = String(all.headers.etag);
  const again = await ask('GET', '/apis', { headers: { accept: aggregated, 'if-none-match': etag } });
  t.match(again, { code: 304, text: '' });
  t.match(JSON.parse((await ask('GET', '/apis')).text), { kind: 'APIGroupList' });
  t.match(JSON.parse((await ask('GET', '/api')).text), {
    serverAddressByClientCIDRs: [{ serverAddress: '192.0.2.1:6443' }],
  });
  t.match(JSON.parse((await ask('GET', '/apis/apps')).text), { kind: 'APIGroup', name: 'apps' });
  t.match(JSON.parse((await ask('GET', '/apis/apps/v1')).text), { kind: 'APIResourceList' });
  const { paths } = JSON.parse((await ask('GET', '/openapi/v3')).text) as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  const url = paths['apis/apps/v1']?.serverRelativeURL ?? '';
  const document = await ask('GET', url, { headers: { 'accept-encoding': 'gzip' } });
  t.match(document.headers, { 'content-encoding': 'gzip', 'cache-control': 'public, immutable' });
  t.match(JSON.parse(gunzipSync(document.bytes).toString()), { openapi: '3.0.0' });
  t.match(await ask('GET', url.replace(/hash=.*/, 'hash=old')), { code: 301, headers: { location: url } });
  t.match(JSON.parse((await ask('GET', url)).text), { openapi: '3.0.0' });
  t.equal((await ask('GET', '/openapi/v2')).code, 200);
  t.match(JSON.parse((await ask('GET', '/version')).text), { gitVersion: 'v1.32.3' });
  t.match(await ask('GET', '/livez'), { code: 200, text: 'ok' });
  t.match(await ask('GET', '/readyz?verbose'), { code: 200, text: '[+]ping ok\nreadyz check passed\n' });
  t.match(await ask('HEAD', '/livez'), { code: 200, text: '' });
});

t.test('what is not there, and what cannot be asked', async (t) => {
  const { ask, faults } = await openServer(t);
  for (const [method, path, code, words] of [
    ['GET', '/apis/no.group/v1/things', 404, /^404 page not found\n$/],
    ['GET', '/nothing', 404, /^404 page not found\n$/],
    ['GET', '/api/v1/nothings', 404, /"reason":"NotFound"/],
    ['GET', '/api/v1/namespaces/d/configmaps/a/nothing', 404, /"reason":"NotFound"/],
    ['HEAD', base, 405, /^$/],
    ['OPTIONS', base, 405, /"reason":"MethodNotAllowed"/],
    ['POST', `${base}/a`, 405, /MethodNotAllowed/],
    ['PATCH', base, 405, /MethodNotAllowed/],
    ['POST', '/version', 405, /MethodNotAllowed/],
    ['GET', '/api/v1/%zz', 400, /cannot be decoded/],
    ['GET', `${base}?limit=x`, 400, /limit/],
    ['GET', `${base}?watch=1&timeoutSeconds=x`, 400, /timeoutSeconds/],
    ['GET', `${base}?watch=1&resourceVersionMatch=Exact`, 422, /resourceVersionMatch/],
  ] as const) {
    const reply = await ask(method, path);
    t.equal(reply.code, code, `${method} ${path}: ${reply.text.slice(0, 200)}`);
    t.match(reply.text, words, `${method} ${path}`);
  }
  t.same(faults, []);
});

t.test('who may not is told so in words that name everything', async (t) => {
  const seen: Attributes[] = [];
  const { ask } = await openServer(t, {
    access: {
      authenticate: async ({ headers }) =>
        headers.authorization === undefined
          ? { kind: 'user', user: { name: 'eve', uid: '', groups: ['g'], extra: {} }, audiences: [] }
          : { kind: 'refused', why: 'a reason for the log' },
      authorizer: async () => (attributes) => {
        seen.push(attributes);
        return { isAllowed: attributes.kind === 'resource' && attributes.verb === 'impersonate', reason: '' };
      },
      admission: () => noAdmission,
    },
  });
  const path = '/apis/apps/v1/namespaces/d/deployments/a/status';
  t.match(JSON.parse((await ask('GET', path)).text), {
    ...{ code: 403, reason: 'Forbidden', details: { name: 'a', group: 'apps', kind: 'deployments' } },
    message:
      'deployments.apps "a" is forbidden: User "eve" cannot get resource "deployments/status" in API group "apps" in the namespace "d"',
  });
  const metrics = JSON.parse((await ask('GET', '/metrics')).text);
  t.match(metrics, { message: 'forbidden: User "eve" cannot get path "/metrics"' });
  t.match(seen, [{ subresource: 'status' }, { kind: 'nonResource', path: '/metrics' }]);
  const asAda = await ask('GET', '/metrics', { headers: { 'impersonate-user': 'ada' } });
  t.match(JSON.parse(asAda.text), { message: 'forbidden: User "ada" cannot get path "/metrics"' });
  const unknown = await ask('GET', '/version', { headers: { authorization: 'Bearer x' } });
  t.match(JSON.parse(unknown.text), { code: 401, message: 'Unauthorized', reason: 'Unauthorized' });
  t.notMatch(unknown.text, /a reason/);
});

t.test('long answers are compressed for those who can read that', async (t) => {
  const { ask } = await openServer(t);
  const data = { k: 'abcdefgh'.repeat(40_000) };
  await ask('POST', base, { body: { ...configMap, data } });
  const packed = await ask('GET', `${base}/a`, { headers: { 'accept-encoding': 'gzip' } });
  t.equal(packed.headers['content-encoding'], 'gzip');
  t.ok(packed.bytes.length < 10_000);
  t.match(JSON.parse(gunzipSync(packed.bytes).toString()), { data });
  const plain = await ask('GET', `${base}/a`);
  t.match(JSON.parse(plain.text), { data });
});

t.test('a fault of the server is one answer, and goes to the log', async (t) => {
  const { ask, faults } = await openServer(t, {
    access: {
      authenticate: async () => {
        throw new TypeError('a fault');
      },
      authorizer: async () => allowMasters,
      admission: () => noAdmission,
    },
  });
  const reply = await ask('GET', '/version');
  t.match(JSON.parse(reply.text), { code: 500, reason: 'InternalError' });
  t.notMatch(reply.text, /TypeError|a fault\b.*at /);
  t.match(faults, [{ message: 'a fault' }]);
});
