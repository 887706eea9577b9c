import t, { type Test } from 'tap';
import type { ApiObject } from '../objects/object-bytes.ts';
import { type RequestInfo, readRequest } from '../request/request-info.ts';
import { decodeObject, encodeObject } from '../schemas/protobuf/codec.ts';
import { ApiError, forbidden } from '../status.ts';
import { type Admission, type AdmissionRequest, noAdmission } from './admission.ts';
import { type ApiAnswer, serve } from './serve.ts';
import type { Strategy } from './served-kind.ts';
import { configMap, deployment, openKind, registry } from './testing/open-kind.ts';

const base = '/api/v1/namespaces/d/configmaps';
const protobuf = 'application/vnd.kubernetes.protobuf';

interface Sent {
  readonly accept?: string;
  readonly type?: string;
  readonly body?: unknown;
}

async function open(
  t: Test,
  group = '',
  resource = 'configmaps',
  strategy: Partial<Strategy> = {},
  admission: Partial<Admission> = {},
) {
  const { kind, surroundings } = await openKind(t, group, resource, group !== '', strategy);
  const ask = async (method: string, url: string, sent: Sent = {}): Promise<ApiAnswer> => {
    const { pathname, searchParams } = new URL(url, 'https://server');
    const info = readRequest(method, pathname, searchParams) as RequestInfo;
    if (info.kind !== 'resource') throw new Error(`${url} names no resource`);
    const { accept, type, body = '' } = sent;
    const bytes =
      body instanceof Uint8Array || typeof body === 'string'
        ? Buffer.from(body as string)
        : Buffer.from(JSON.stringify(body));
    const request = {
      info,
      query: searchParams,
      accept,
      contentType: type,
      userAgent: 'curl/8',
      body: bytes,
      user: { name: 'ada', uid: '', groups: [], extra: {} },
      admission: { ...noAdmission, ...admission },
    };
    return await serve({ registry, surroundings }, kind, request);
  };
  const json = async (...request: Parameters<typeof ask>) => {
    const { code, pieces, warnings } = await ask(...request);
    return { code, warnings, ...JSON.parse(Buffer.concat(pieces).toString()) };
  };
  return { ask, json };
}

t.test('what was not written has no resource version', async (t) => {
  const { json } = await open(t);
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const rehearsal = { body: configMap };
  for (const accept of ['application/json', 'application/json;pretty=1', table]) {
    const made = await json('POST', `${base}?dryRun=All`, { ...rehearsal, accept });
    t.equal(made.code, 201);
    const { metadata } = made.rows?.[0].object ?? made;
    t.ok(metadata.uid, accept);
    t.notOk('resourceVersion' in metadata, accept);
  }
  await json('POST', base, rehearsal);
  const { metadata } = await json('PUT', `${base}/a?dryRun=All`, rehearsal);
  t.match(metadata.resourceVersion, /^[1-9]/, 'what is there keeps its own');
});

t.test('serve answers a life of an object', async (t) => {
  const { ask, json } = await open(t);
  t.match(await json('POST', base, { body: configMap }), {
    code: 201,
    metadata: { name: 'a', namespace: 'd' },
  });
  t.match(await json('GET', `${base}/a`), { code: 200, kind: 'ConfigMap', data: { k: 'v' } });
  const next = { ...configMap, data: { k: 'w' } };
  t.match(await json('PUT', `${base}/a`, { body: next }), { code: 200, data: { k: 'w' } });
  const merge = 'application/merge-patch+json';
  const patched = await json('PATCH', `${base}/a?fieldManager=me`, {
    type: merge,
    body: { data: { x: 'y' } },
  });
  t.match(patched, { code: 200, data: { k: 'w', x: 'y' } });
  t.same(patched.metadata.managedFields.map((entry: { manager: string }) => entry.manager).sort(), [
    'curl',
    'me',
  ]);
  const sent = {
    accept: protobuf,
    type: protobuf,
    body: encodeObject(registry, { ...configMap, metadata: { name: 'b' } }),
  };
  const made = await ask('POST', base, sent);
  t.equal(made.mediaType, protobuf);
  t.match(decodeObject(registry, Buffer.concat(made.pieces)), { metadata: { name: 'b', namespace: 'd' } });
  t.match(await json('GET', '/api/v1/configmaps'), { kind: 'ConfigMapList', items: [{}, {}] });
  t.match(await json('GET', '/api/v1/namespaces/e/configmaps'), { items: [] });
  t.match(await json('DELETE', `${base}/a`), {
    ...{ kind: 'Status', status: 'Success', details: { name: 'a', kind: 'configmaps', uid: /^uid-/ } },
  });
  t.match(await json('DELETE', base), { kind: 'ConfigMapList', items: [{ metadata: { name: 'b' } }] });
  t.match(await json('GET', base), { items: [] });
});

t.test('serve lists what is selected, in parts as long as was asked for', async (t) => {
  const { json } = await open(t);
  for (const number of [1, 2, 3, 4, 5, 6]) {
    const labels = { parity: number % 2 === 0 ? 'even' : 'odd' };
    await json('POST', base, { body: { ...configMap, metadata: { name: `n${number}`, labels } } });
  }
  const names = ({ items }: { items: { metadata: { name: string } }[] }) =>
    items.map(({ metadata }) => metadata.name);
  t.same(names(await json('GET', `${base}?labelSelector=parity%3Deven`)), ['n2', 'n4', 'n6']);
  t.same(names(await json('GET', `${base}?fieldSelector=metadata.name%3Dn3`)), ['n3']);
  const first = await json('GET', `${base}?labelSelector=parity%3Deven&limit=2`);
  t.same(names(first), ['n2', 'n4']);
  t.notOk('remainingItemCount' in first.metadata);
  const rest = `${base}?labelSelector=parity%3Deven&limit=2&continue=${first.metadata.continue}`;
  t.same(names(await json('GET', rest)), ['n6']);
  t.match(await json('DELETE', `${base}?labelSelector=parity%3Dodd`), { items: [{}, {}, {}] });
  t.same(names(await json('GET', base)), ['n2', 'n4', 'n6']);
});

t.test('serve warns of fields that are none, and refuses them where that was asked for', async (t) => {
  const { ask } = await open(t);
  const body = { ...configMap, dat: {} };
  t.same((await ask('POST', base, { body })).warnings, ['unknown field "dat"']);
  await t.rejects(ask('PUT', `${base}/a?fieldValidation=Strict`, { body }), {
    code: 400,
    message: /strict decoding error/,
  });
});

t.test('status is a place of its own', async (t) => {
  const { json } = await open(t, 'apps', 'deployments');
  const place = '/apis/apps/v1/namespaces/d/deployments';
  await json('POST', place, { body: deployment });
  const status = await json('PATCH', `${place}/a/status`, {
    ...{ type: 'application/merge-patch+json', body: { spec: { replicas: 9 }, status: { replicas: 1 } } },
  });
  t.match(status, { spec: { replicas: 2 }, status: { replicas: 1 } });
  const apply = { ...deployment, spec: { ...deployment.spec, replicas: 3 } };
  const applied = { type: 'application/apply-patch+yaml', body: apply };
  t.match(await json('PATCH', `${place}/a?fieldManager=me&force=true`, applied), { spec: { replicas: 3 } });
});

t.test('serve refuses with the code of the real server', async (t) => {
  const { ask } = await open(t);
  for (const [method, url, sent, code] of [
    ['GET', `${base}/a`, {}, 404],
    ['GET', `${base}/a`, { accept: 'text/html' }, 406],
    ['GET', `${base}/a/log`, {}, 404],
    ['POST', base, { body: configMap, type: 'text/plain' }, 415],
    ['POST', base, { body: '{' }, 400],
    ['POST', `${base}?dryRun=Some`, { body: configMap }, 422],
    ['POST', `${base}?fieldValidation=Some`, { body: configMap }, 422],
    ['POST', `${base}?fieldManager=${'x'.repeat(129)}`, { body: configMap }, 422],
    ['POST', `${base}/a`, { body: configMap }, 405],
    ['PATCH', `${base}/a`, { type: 'application/apply-patch+yaml', body: configMap }, 422],
    ['PATCH', `${base}/a?force=true`, { type: 'application/merge-patch+json', body: {} }, 422],
    ['PATCH', `${base}/a`, { body: {} }, 415],
    ['DELETE', `${base}/a?propagationPolicy=Some`, {}, 422],
    ['DELETE', `${base}/a`, { body: { dryRun: ['Some'] } }, 422],
    ['GET', `${base}?labelSelector=a+b`, {}, 400],
    ['GET', `${base}?fieldSelector=zz%3D1`, {}, 400],
    ['GET', `${base}?limit=x`, {}, 400],
  ] as const) {
    const error = await ask(method, url, sent).catch((caught: unknown) => caught);
    t.ok(error instanceof ApiError, `${method} ${url.slice(0, 60)}`);
    t.equal((error as ApiError).code, code, `${method} ${url.slice(0, 60)}: ${(error as ApiError).message}`);
  }
});

t.test('serve reads what a deletion asks for in every encoding', async (t) => {
  const { ask, json } = await open(t, 'apps', 'deployments');
  const place = '/apis/apps/v1/namespaces/d/deployments';
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' };
  for (const [type, body] of [
    [protobuf, encodeObject(registry, options)],
    ['application/json', options],
    ['application/json', { propagationPolicy: 'Foreground' }],
    ['application/yaml', 'propagationPolicy: Foreground'],
  ] as const) {
    await json('POST', place, { body: deployment });
    const { metadata } = await json('DELETE', `${place}/a`, { type, body });
    t.same(metadata.finalizers, ['foregroundDeletion'], type);
    const finalizers = { metadata: { finalizers: null } };
    await ask('PATCH', `${place}/a`, { type: 'application/merge-patch+json', body: finalizers });
  }
  await json('POST', place, { body: deployment });
  for (const [type, body, code] of [
    [protobuf, 'k8s', 400],
    [protobuf, encodeObject(registry, configMap), 400],
    ['application/json', configMap, 400],
    ['application/json', '[]', 400],
    ['application/x-www-form-urlencoded', '{}', 415],
  ] as const) {
    await t.rejects(ask('DELETE', `${place}/a`, { type, body }), { name: 'ApiError', code }, String(code));
  }
});

t.test('serve has a kind prepare, check and warn, and make on a PUT what is not there', async (t) => {
  const label = (object: ApiObject, words: object): ApiObject => ({
    ...object,
    data: { ...(object.data as object), ...words },
  });
  const { json } = await open(t, '', 'configmaps', {
    createsOnUpdate: true,
    needsVersion: true,
    prepareCreate: (object) => label(object, { made: 'yes' }),
    prepareUpdate: (next, old) => label(next, { before: (old.data as { k: string }).k }),
    warn: (_, old) => [old === null ? 'first' : 'again'],
  });
  const made = await json('PUT', `${base}/a`, { body: configMap });
  t.match(made, { code: 201, warnings: ['first'], data: { k: 'v', made: 'yes' } });
  await t.rejects(json('PUT', `${base}/a`, { body: configMap }), {
    code: 422,
    message: /metadata\.resourceVersion: Invalid value: 0x0: must be specified for an update/,
  });
  const { resourceVersion } = made.metadata;
  const next = { ...configMap, metadata: { ...configMap.metadata, resourceVersion }, data: { k: 'w' } };
  const changed = await json('PUT', `${base}/a`, { body: next });
  t.match(changed, { code: 200, warnings: ['again'], data: { k: 'w', before: 'v' } });
});

t.test('serve lets admission change and refuse every write, and tells it what there was', async (t) => {
  const seen: string[] = [];
  const tell = ({ operation, object, old, dryRun }: AdmissionRequest): void => {
    seen.push(`${operation} ${object?.metadata.name} ${old?.metadata.name}${dryRun ? ' dry' : ''}`);
  };
  const { json } = await open(
    t,
    '',
    'configmaps',
    {},
    {
      mutate: async ({ object }) => ({ ...object, data: { ...(object.data as object), admitted: 'yes' } }),
      validate: async (request) => {
        tell(request);
        if (request.operation === 'DELETE') throw forbidden(request.resource, request.name, 'it stays');
      },
    },
  );
  t.match(await json('POST', base, { body: configMap }), { code: 201, data: { k: 'v', admitted: 'yes' } });
  await json('PUT', `${base}/a?dryRun=All`, { body: configMap });
  await t.rejects(json('DELETE', `${base}/a`), { code: 403, message: /it stays/ });
  t.match(await json('GET', `${base}/a`), { code: 200 });
  t.same(seen, ['CREATE a undefined', 'UPDATE a a dry', 'DELETE undefined a']);
});

t.test('serve says 201 of an apply that makes the object, and 200 of one that changes it', async (t) => {
  const { json } = await open(t);
  const type = 'application/apply-patch+yaml';
  const path = `${base}/a?fieldManager=me`;
  t.match(await json('PATCH', path, { type, body: configMap }), { code: 201, data: { k: 'v' } });
  const next = { ...configMap, data: { k: 'w' } };
  t.match(await json('PATCH', path, { type, body: next }), { code: 200, data: { k: 'w' } });
});
