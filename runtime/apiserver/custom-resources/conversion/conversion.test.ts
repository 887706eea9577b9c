/** Versions of one definition: read and written as either, whichever is stored. */
import { generateKeyPairSync } from 'node:crypto';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { createCertificateAuthority, issueNodeCertificate } from '../../../cluster/certificates.ts';
import type { NodeId } from '../../../raft/types.ts';
import { openServer } from '../../http/testing/open-server.ts';
import type { JsonObject } from '../../schemas/protobuf/json-value.ts';

const base = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

type Review = { request: { uid: string; desiredAPIVersion: string; objects: JsonObject[] } };

/** `size` in v1 is `spec.length` in v2. */
function convert(object: JsonObject, apiVersion: string): JsonObject {
  const { size, length, ...others } = object as { size?: number; length?: number } & JsonObject;
  const value = size ?? length ?? 0;
  return { ...others, apiVersion, ...(apiVersion === 'ex.io/v1' ? { size: value } : { length: value }) };
}

/** A webhook on a port of its own. @param wrong what it does in place of it */
async function openWebhook(t: Test, wrong: { answer: ((review: Review) => unknown) | null }) {
  const clusterId = '0011223344556677';
  const authority = await createCertificateAuthority('test', clusterId);
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = await issueNodeCertificate(
    authority,
    { clusterId, nodeId: 'aaaaaaaaaaaaaaaa' as NodeId },
    publicKey,
    0,
  );
  const server = https.createServer({ key: privateKey, cert: certificate }, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.once('end', () => {
      const review = JSON.parse(Buffer.concat(pieces).toString()) as Review;
      const { uid, objects, desiredAPIVersion } = review.request;
      const convertedObjects = objects.map((object) => convert(object, desiredAPIVersion));
      const usual = { response: { uid, convertedObjects, result: { status: 'Success' } } };
      response.end(JSON.stringify(wrong.answer?.(review) ?? usual));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { port: (server.address() as AddressInfo).port, ca: authority.certificate };
}

const version = (name: string, field: string, storage: boolean) => ({
  ...{ name, served: true, storage },
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { [field]: { type: 'integer' }, [`extra${name}`]: { type: 'string', default: name } },
    },
  },
});

const define = (conversion: object) => ({
  ...{
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'foos.ex.io' },
  },
  spec: {
    ...{ group: 'ex.io', scope: 'Cluster', names: { plural: 'foos', kind: 'Foo' } },
    versions: [version('v1', 'size', true), version('v2', 'length', false)],
    conversion,
  },
});

const foo = (apiVersion: string, more: object) => ({
  apiVersion,
  kind: 'Foo',
  metadata: { name: 'a' },
  ...more,
});

async function open(t: Test, conversion: object) {
  const server = await openServer(t);
  const made = await server.ask('POST', base, { body: define(conversion) });
  t.equal(made.code, 201, made.text);
  for (let tries = 0; (await server.ask('GET', '/apis/ex.io/v2/foos')).code !== 200; tries += 1) {
    if (tries > 3000) throw new Error('waited in vain for the definition');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return server;
}

t.test('without a webhook versions differ by their name alone', async (t) => {
  const { ask } = await open(t, { strategy: 'None' });
  t.equal((await ask('POST', '/apis/ex.io/v1/foos', { body: foo('ex.io/v1', { size: 1 }) })).code, 201);
  const read = JSON.parse((await ask('GET', '/apis/ex.io/v2/foos/a')).text) as object;
  t.match(read, { apiVersion: 'ex.io/v2', extrav2: 'v2' });
  t.notOk('size' in read, 'what the version does not have is not shown');
});

t.test('a webhook makes versions of one another', async (t) => {
  const wrong: Parameters<typeof openWebhook>[1] = { answer: null };
  const { port, ca } = await openWebhook(t, wrong);
  const clientConfig = {
    url: `https://127.0.0.1:${port}/convert`,
    caBundle: Buffer.from(ca).toString('base64'),
  };
  const webhook = { clientConfig, conversionReviewVersions: ['v1'] };
  const server = await open(t, { strategy: 'Webhook', webhook });
  const { ask } = server;
  const made = await ask('POST', '/apis/ex.io/v2/foos', { body: foo('ex.io/v2', { length: 7 }) });
  t.equal(made.code, 201, made.text);
  const stored = await server.store.range({ key: Buffer.from('/registry/ex.io/foos/a') });
  t.match(JSON.parse(Buffer.from(stored.items[0]?.value ?? []).toString()), {
    apiVersion: 'ex.io/v1',
    size: 7,
  });
  t.match(JSON.parse((await ask('GET', '/apis/ex.io/v2/foos')).text), { items: [{ length: 7 }] });
  t.match(JSON.parse((await ask('GET', '/apis/ex.io/v1/foos/a')).text), { size: 7, apiVersion: 'ex.io/v1' });
  const watch = await ask('GET', '/apis/ex.io/v2/foos?watch=true&timeoutSeconds=1');
  t.match(watch.text, /"type":"ADDED".*"length":7/);
  for (const [answer, sentence] of [
    [() => ({}), /conversion webhook for ex.io\/v1, Kind=Foo failed: no response provided/],
    [() => ({ response: { result: { status: 'Failure', message: 'no way' } } }), /failed: no way/],
    [
      () => ({ response: { result: { status: 'Success' }, convertedObjects: [] } }),
      /expected 1 converted objects, got 0/,
    ],
    [
      ({ request: { objects } }: Review) => ({
        response: { result: { status: 'Success' }, convertedObjects: objects },
      }),
      /invalid groupVersion \(expected ex.io\/v2, received ex.io\/v1\)/,
    ],
  ] as const) {
    wrong.answer = answer as (review: Review) => unknown;
    const reply = await ask('GET', '/apis/ex.io/v2/foos/a');
    t.equal(reply.code, 500);
    t.match(JSON.parse(reply.text).message, sentence);
  }
  t.same(server.faults, []);
});
