import t, { type Test } from 'tap';
import { type Store, StoreError } from '../../datastore/store.ts';
import { openSoloStore } from '../../datastore/testing/solo-store.ts';
import { type ApiObject, decodeFromStore } from '../objects/object-bytes.ts';
import { type ApiError, outdated } from '../status.ts';
import { type ListOptions, planList } from './list-plan.ts';
import { type Decision, ObjectStore, type StoredObject } from './object-store.ts';

async function open(t: Test) {
  const { store } = await openSoloStore(t, t.testdir());
  return { store, objects: new ObjectStore({ store, prefix: '/registry/configmaps/' }) };
}

function configMap(name: string, data: Record<string, string> = {}): ApiObject {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'd' }, data };
}

const remove = (): Decision => ({ kind: 'delete' });

async function change(objects: ObjectStore, to: (current: ApiObject) => ApiObject) {
  const outcome = await objects.change('d/a', (current) => ({ kind: 'store', object: to(current) }));
  return outcome?.object;
}

function list(objects: ObjectStore, below: string, given: Partial<ListOptions> = {}) {
  const nothing = { resourceVersion: '', resourceVersionMatch: '', continue: '', limit: '' };
  return objects.list(below, planList({ ...nothing, ...given }));
}

function places({ items }: { readonly items: readonly StoredObject[] }): string[] {
  return items.map(({ place }) => place);
}

function read(stored: StoredObject | null): ApiObject | null {
  return stored === null ? null : decodeFromStore(stored.bytes, stored.revision);
}

t.test('an object is created once, read, changed and deleted', async (t) => {
  const { store, objects } = await open(t);
  const created = await objects.create('d/a', configMap('a', { k: '1' }));
  t.ok(created);
  t.equal(await objects.create('d/a', configMap('a')), null);
  t.match(read(await objects.get('d/a')), {
    metadata: { name: 'a', resourceVersion: String(created?.revision) },
    data: { k: '1' },
  });
  const changed = await change(objects, (current) => ({ ...current, data: { k: '2' } }));
  t.ok((changed?.revision ?? 0) > (created?.revision ?? 0));
  const same = await objects.change('d/a', (object) => ({ kind: 'store', object }));
  t.equal(same?.kind, 'kept');
  t.equal(same?.object.revision, changed?.revision, 'a change that changes nothing keeps the version');
  const { items } = await store.range({ key: Buffer.from('/registry/configmaps/d/a') });
  t.notMatch(
    Buffer.from(items[0]?.value ?? '').toString(),
    /resourceVersion/,
    'the store has no version in it',
  );
  const deleted = await objects.change('d/a', remove);
  t.equal(deleted?.kind, 'deleted');
  t.match(read(deleted?.object ?? null), { data: { k: '2' } });
  t.ok((deleted?.object.revision ?? 0) > (changed?.revision ?? 0));
  t.equal(await objects.get('d/a'), null);
  t.equal(await objects.change('d/a', () => t.fail('asked') as never), null);
});

t.test('changes that meet are decided again, and none is lost', async (t) => {
  const { objects } = await open(t);
  await objects.create('d/a', configMap('a', { count: '0' }));
  const add = () =>
    change(objects, (current) => {
      const { count } = current.data as { count: string };
      return { ...current, data: { count: String(Number(count) + 1) } };
    });
  await Promise.all(Array.from({ length: 20 }, add));
  t.match(read(await objects.get('d/a')), { data: { count: '20' } });
});

t.test('what decides may refuse, and nothing is written', async (t) => {
  const { objects } = await open(t);
  const created = await objects.create('d/a', configMap('a'));
  const refusal = outdated({ group: '', resource: 'configmaps' }, 'a');
  const refuse = () => {
    throw refusal;
  };
  await t.rejects(objects.change('d/a', refuse), refusal);
  t.equal((await objects.get('d/a'))?.revision, created?.revision);
});

t.test('a list shows one state, whole or in parts', async (t) => {
  const { objects } = await open(t);
  for (const name of ['a', 'b', 'c', 'd', 'e']) await objects.create(`d/${name}`, configMap(name));
  await objects.create('d2/z', configMap('z'));
  t.same(places(await list(objects, '')), ['d/a', 'd/b', 'd/c', 'd/d', 'd/e', 'd2/z']);
  t.same(places(await list(objects, 'd/')), ['d/a', 'd/b', 'd/c', 'd/d', 'd/e'], 'd2 is another namespace');
  const first = await list(objects, 'd/', { limit: '2' });
  t.same(places(first), ['d/a', 'd/b']);
  t.equal(first.remaining, 3);
  // What happens meanwhile is not seen.
  await objects.change('d/d', remove);
  await objects.create('d/bb', configMap('bb'));
  const second = await list(objects, 'd/', { limit: '2', continue: first.continue });
  t.same(places(second), ['d/c', 'd/d']);
  t.equal(second.revision, first.revision);
  const third = await list(objects, 'd/', { limit: '2', continue: second.continue });
  t.same([places(third), third.continue, third.remaining], [['d/e'], '', null]);
  const old = String(first.revision);
  t.same(
    places(await list(objects, 'd/', { resourceVersion: old, resourceVersionMatch: 'Exact' })).length,
    5,
  );
  t.same(places(await list(objects, 'd/', { resourceVersion: old })), ['d/a', 'd/b', 'd/bb', 'd/c', 'd/e']);
  t.equal((await list(objects, 'none/', { resourceVersion: '0' })).items.length, 0);
});

t.test('a list whose state was compacted says how it can go on', async (t) => {
  const { store, objects } = await open(t);
  for (const name of ['a', 'b', 'c']) await objects.create(`d/${name}`, configMap(name));
  const first = await list(objects, 'd/', { limit: '1' });
  await objects.create('d/bb', configMap('bb'));
  await store.compact((await list(objects, 'd/')).revision);
  const error = (await list(objects, 'd/', { continue: first.continue }).catch(
    (e: unknown) => e,
  )) as ApiError;
  t.match(error.toStatus(), {
    code: 410,
    reason: 'Expired',
    message: /^The provided continue parameter is too old/,
  });
  const { metadata } = error.toStatus();
  t.same(places(await list(objects, 'd/', { continue: metadata.continue ?? '' })), ['d/b', 'd/bb', 'd/c']);
  await t.rejects(
    list(objects, 'd/', { resourceVersion: String(first.revision), resourceVersionMatch: 'Exact' }),
    { code: 410, message: 'The resourceVersion for the provided list is too old.' },
  );
});

t.test('a version that has not happened yet is told', async (t) => {
  const { objects } = await open(t);
  await objects.create('d/a', configMap('a'));
  const future = {
    code: 504,
    reason: 'Timeout',
    details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
  };
  await t.rejects(objects.get('d/a', '9999999'), {
    ...future,
    message: /^Too large resource version: 9999999, current: \d+$/,
  });
  await t.rejects(list(objects, '', { resourceVersion: '9999999' }), future);
  await t.rejects(list(objects, '', { resourceVersion: '9999999', limit: '1' }), future);
  t.ok(await objects.get('d/a', '0'));
});

t.test('a store that does not answer is told as such', async (t) => {
  const { store } = await open(t);
  const silent: Store = Object.create(store, {
    range: { value: () => Promise.reject(new StoreError('unavailable', 'no node leads')) },
  });
  const objects = new ObjectStore({ store: silent, prefix: '/registry/configmaps/' });
  await t.rejects(objects.get('d/a'), {
    ...{ name: 'ApiError', code: 503, message: 'the datastore does not answer: no node leads' },
    details: { retryAfterSeconds: 1 },
  });
});
