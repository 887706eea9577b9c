import { createHmac } from 'node:crypto';
import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { objectAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { eventually, openCluster, runControllers } from '../testing/open-cluster.ts';
import { expiresIn, planSignatures, planTokenEnd } from './plan-tokens.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

function tokenOf(id: string, more: Readonly<Record<string, string>> = {}): ApiObject {
  const texts = {
    'token-id': id,
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-signing': 'true',
    ...more,
  };
  const data = Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  const metadata = { name: `bootstrap-token-${id}`, namespace: 'kube-system' };
  return { kind: 'Secret', apiVersion: 'v1', metadata, type: 'bootstrap.kubernetes.io/token', data };
}

const clusterInfo: ApiObject = {
  ...{ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'cluster-info', namespace: 'kube-public' } },
  data: { kubeconfig: 'content' },
};

t.test('planTokenEnd takes away what has expired, or says so in no way that can be read', async (t) => {
  for (const [expiration, milliseconds, count] of [
    ['2026-01-01T00:00:10Z', 10_000, 0],
    ['2025-12-31T23:59:59Z', 0, 1],
    ['', null, 0],
    ['tomorrow', 0, 1],
  ] as const) {
    const secret = tokenOf('abcdef', { expiration });
    t.equal(expiresIn(secret, nowMs), milliseconds, expiration);
    t.equal(planTokenEnd(secret, nowMs).length, count, expiration);
  }
});

t.test('planSignatures signs with every token that may, and forgets those that are gone', async (t) => {
  const unwilling = tokenOf('unwill', { 'usage-bootstrap-signing': 'false' });
  const expired = tokenOf('expire', { expiration: '2025-01-01T00:00:00Z' });
  const old = { ...clusterInfo, data: { kubeconfig: 'content', 'jws-kubeconfig-gone00': 'x', other: 'y' } };
  const [write] = planSignatures(old, [tokenOf('abcdef'), unwilling, expired], nowMs);
  const { data } = (write as { object: ApiObject }).object;
  t.same(Object.keys(data as object), ['kubeconfig', 'other', 'jws-kubeconfig-abcdef']);
  const [header, payload, signature] = objectAt(data)['jws-kubeconfig-abcdef']!.toString().split('.');
  t.same(JSON.parse(Buffer.from(header as string, 'base64url').toString()), { alg: 'HS256', kid: 'abcdef' });
  t.equal(payload, '');
  const signed = `${header}.${Buffer.from('content').toString('base64url')}`;
  t.equal(signature, createHmac('sha256', '0123456789abcdef').update(signed).digest('base64url'));
  t.same(planSignatures({ ...old, data } as ApiObject, [tokenOf('abcdef')], nowMs), []);
  t.same(planSignatures(null, [tokenOf('abcdef')], nowMs), []);
});

t.test('bootstrap tokens sign what strangers read, until they expire', async (t) => {
  const cluster = await openCluster(t);
  const { client } = cluster;
  const { warnings } = runControllers(t, cluster);
  await eventually('namespaces', () =>
    client.find({ ...resources.namespaces, namespace: '', name: 'kube-public' }),
  );
  await client.create(resources.configMaps, clusterInfo);
  await client.create(resources.secrets, tokenOf('abcdef', { expiration: '2055-01-01T00:00:00Z' }));
  const signatures = async (): Promise<readonly string[]> => {
    const { data } = await client.get({
      ...resources.configMaps,
      namespace: 'kube-public',
      name: 'cluster-info',
    });
    return Object.keys(objectAt(data));
  };
  await eventually('the signature', async () => (await signatures()).includes('jws-kubeconfig-abcdef'));
  const place = { ...resources.secrets, namespace: 'kube-system', name: 'bootstrap-token-abcdef' };
  const past = Buffer.from('2025-01-01T00:00:00Z').toString('base64');
  await client.patch(place, { kind: 'merge', body: { data: { expiration: past } } });
  await eventually('the end of the token', async () => (await client.find(place)) === null);
  await eventually('the end of the signature', async () => (await signatures()).length === 1);
  t.same(warnings, []);
});
