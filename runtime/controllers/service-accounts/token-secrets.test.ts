import t from 'tap';
import type { ApiObject } from '../../apiserver/objects/object-bytes.ts';
import { objectAt } from '../../apiserver/objects/read-path.ts';
import { resources } from '../client/places.ts';
import { eventually, namespaceOf, openCluster, runControllers } from '../testing/open-cluster.ts';
import { planTokenSecret } from './token-secrets.ts';

const type = 'kubernetes.io/service-account-token';
const nameKey = 'kubernetes.io/service-account.name';
const uidKey = 'kubernetes.io/service-account.uid';
const encode = (text: string): string => Buffer.from(text).toString('base64');
const tokens = {
  sign: (account: ApiObject, secret: string): string => `${account.metadata.name}/${secret}`,
  isOver: (token: string): boolean => token === 'over',
};

function secretOf(annotations: object, data: object = {}): ApiObject {
  const metadata = { name: 's', namespace: 'd', uid: 'u', annotations };
  return { kind: 'Secret', apiVersion: 'v1', metadata, type, data };
}

const account: ApiObject = {
  kind: 'ServiceAccount',
  apiVersion: 'v1',
  metadata: { name: 'a', uid: 'uid-a' },
};

t.test('planTokenSecret fills in what is missing, and keeps the token that is there', async (t) => {
  const plan = (secret: ApiObject, certificate = 'CA') =>
    planTokenSecret({ secret, account, certificate, tokens });
  const whole = { 'ca.crt': encode('CA'), namespace: encode('d'), token: encode('a/s') };
  t.match(plan(secretOf({ [nameKey]: 'a' })), [
    { kind: 'update', object: { data: whole, metadata: { annotations: { [uidKey]: 'uid-a' } } } },
  ]);
  const done = secretOf({ [nameKey]: 'a', [uidKey]: 'uid-a' }, { ...whole, token: encode('own') });
  t.same(plan(done), []);
  t.match(plan(done, 'another'), [
    { object: { data: { 'ca.crt': encode('another'), token: encode('own') } } },
  ]);
  t.same(plan({ ...done, type: 'Opaque' }, 'another'), []);
  const over = secretOf({ [nameKey]: 'a', [uidKey]: 'uid-a' }, { ...whole, token: encode('over') });
  t.match(plan(over), [{ object: { data: whole } }], 'one whose key was taken off');
});

t.test('planTokenSecret takes away the token of an account that is gone, or is another', async (t) => {
  const secret = secretOf({ [nameKey]: 'a', [uidKey]: 'uid-before' });
  for (const found of [null, account]) {
    const plan = planTokenSecret({ secret, account: found, certificate: '', tokens });
    t.match(plan, [{ kind: 'remove', options: { uid: 'u' } }]);
  }
});

t.test('a Secret that asks for a token gets one, until its account goes', async (t) => {
  const cluster = await openCluster(t);
  const { client } = cluster;
  const { warnings } = runControllers(t, cluster, { accountTokens: tokens });
  await client.create(resources.namespaces, namespaceOf('d'));
  await eventually('the account', () =>
    client.find({ ...resources.serviceAccounts, namespace: 'd', name: 'default' }),
  );
  const { data: _, ...asked } = secretOf({ [nameKey]: 'default' });
  await client.create(resources.secrets, { ...asked, metadata: { ...asked.metadata, uid: '' } } as ApiObject);
  const place = { ...resources.secrets, namespace: 'd', name: 's' };
  const data = await eventually('the token', async () => {
    const found = objectAt(await client.get(place), 'data');
    return found.token === undefined ? null : found;
  });
  t.same(data, { 'ca.crt': encode('CA'), namespace: encode('d'), token: encode('default/s') });
  await client.remove({ ...resources.serviceAccounts, namespace: 'd', name: 'default' });
  await eventually('the end of the token', async () => (await client.find(place)) === null);
  t.same(warnings, []);
});
