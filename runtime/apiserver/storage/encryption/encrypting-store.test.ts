import t, { type Test } from 'tap';
import type { Change } from '../../../datastore/state-machine/model.ts';
import type { Store } from '../../../datastore/store.ts';
import { openSoloStore } from '../../../datastore/testing/solo-store.ts';
import { type ApiObject, decodeFromStore } from '../../objects/object-bytes.ts';
import { ObjectStore } from '../object-store.ts';
import { watchObjects } from '../object-watch.ts';
import type { ObjectEvent } from '../watch-events.ts';
import { encryptingStore } from './encrypting-store.ts';
import { reencrypt } from './reencrypt.ts';
import { type EncryptionKey, isEncrypted, ValueCipher } from './value-cipher.ts';

const one = { id: '11111111', key: '11'.repeat(32) };
const two = { id: '22222222', key: '22'.repeat(32) };
const prefix = '/registry/secrets/';
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();

async function open(t: Test, { first = [one] }: { first?: readonly EncryptionKey[] } = {}) {
  const { store: behind } = await openSoloStore(t, t.testdir());
  let keys = first;
  const told: string[] = [];
  const store = encryptingStore({
    ...{ store: behind, prefixes: [prefix], keys: () => keys },
    onUnreadable: (sentence) => told.push(sentence),
  });
  const use = (next: readonly EncryptionKey[]): void => {
    keys = next;
  };
  return { behind, store, told, use };
}

async function put(store: Store, key: string, value: string): Promise<void> {
  await store.transact({ success: [{ operation: 'put', key: bytes(key), value: bytes(value) }] });
}

async function read(store: Store, key: string): Promise<Uint8Array | undefined> {
  return (await store.range({ key: bytes(key) })).items[0]?.value;
}

function secret(name: string, password: string): ApiObject {
  return { kind: 'Secret', apiVersion: 'v1', metadata: { name, namespace: 'shop' }, data: { password } };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 6000) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

t.test('values below the prefix lie encrypted, all others as they are', async (t) => {
  const { behind, store } = await open(t as Test);
  await put(store, `${prefix}shop/a`, 'hunter2');
  await put(store, '/registry/configmaps/shop/a', 'plain');
  await put(store, '/registry/secretsbeside/a', 'plain too');
  t.equal(text(await read(store, `${prefix}shop/a`)), 'hunter2');
  const raw = await read(behind, `${prefix}shop/a`);
  t.ok(isEncrypted(raw ?? bytes('')));
  t.notMatch(text(raw), 'hunter2');
  t.equal(text(await read(behind, '/registry/configmaps/shop/a')), 'plain');
  t.equal(text(await read(behind, '/registry/secretsbeside/a')), 'plain too');
  const all = await store.range({ key: bytes('/registry/'), end: bytes('/registry0') });
  t.same(
    all.items.map(({ value }) => text(value)),
    ['plain', 'hunter2', 'plain too'],
  );
});

t.test('a transaction encrypts in every branch and opens every answer', async (t) => {
  const { behind, store } = await open(t as Test);
  const key = bytes(`${prefix}a`);
  const there = { key, target: 'version', relation: 'greater', is: 0 } as const;
  const write = (value: string) => ({
    compare: [there],
    success: [{ operation: 'delete', key, previous: true } as const],
    failure: [
      { operation: 'put', key: bytes(`${prefix}b`), value: bytes(`${value} b`) } as const,
      {
        operation: 'transaction',
        compare: [],
        success: [{ operation: 'put', key, value: bytes(value), previous: true }],
        failure: [],
      } as const,
      { operation: 'range', key } as const,
    ],
  });
  const first = await store.transact(write('v1'));
  t.match(first, { succeeded: false, results: [{ previous: null }, { results: [{ previous: null }] }] });
  const [, , range] = first.results;
  t.equal(range?.operation === 'range' ? text(range.items[0]?.value) : '', 'v1');
  for (const name of ['a', 'b'])
    t.ok(isEncrypted((await read(behind, `${prefix}${name}`)) ?? bytes('')), name);
  const again = await store.transact({
    success: [{ operation: 'put', key, value: bytes('v2'), previous: true }],
  });
  const [replaced] = again.results;
  t.equal(replaced?.operation === 'put' ? text(replaced.previous?.value) : '', 'v1');
  await store.transact({ success: [{ operation: 'put', key, value: bytes(''), keepValue: true }] });
  t.equal(text(await read(store, `${prefix}a`)), 'v2', 'a value that is kept is not encrypted twice');
  const [gone] = (await store.transact(write('v3'))).results;
  t.equal(gone?.operation === 'delete' ? text(gone.previous[0]?.value) : '', 'v2');
});

t.test('what would have to look into encrypted values is refused', async (t) => {
  const { store } = await open(t as Test);
  const compare = (key: string, end?: string) =>
    store.transact({
      compare: [
        { key: bytes(key), end: end === undefined ? undefined : bytes(end), target: 'value', is: bytes('x') },
      ],
      success: [],
    });
  await t.rejects(compare(`${prefix}a`), { code: 'invalid' });
  await t.rejects(compare('/registry/', '/registry0'), { code: 'invalid' });
  t.equal((await compare('/registry/pods/a')).succeeded, false);
  t.equal((await compare('/registry/a', '/registry/secrets')).succeeded, false, 'beside');
  const sort = { by: 'value', descending: false } as const;
  const range = { key: bytes(prefix), end: bytes('/registry/secrets0'), sort };
  await t.rejects(store.range(range), { code: 'invalid' });
  await t.rejects(store.transact({ success: [{ operation: 'range', ...range }] }), { code: 'invalid' });
});

t.test('a value that was moved, and one under an unknown key, fail what reads them, by name', async (t) => {
  const { behind, store, told, use } = await open(t as Test);
  await put(store, `${prefix}shop/a`, 'hunter2');
  const raw = (await read(behind, `${prefix}shop/a`)) as Uint8Array;
  const moved = bytes(`${prefix}shop/b`);
  await behind.transact({ success: [{ operation: 'put', key: moved, value: raw }] });
  const why = { code: 'invalid', message: /"\/registry\/secrets\/shop\/b".*authentication failed/ };
  await t.rejects(read(store, `${prefix}shop/b`), why);
  await t.rejects(store.range({ key: bytes(prefix), end: bytes('/registry/secrets0') }), why);
  t.equal(text(await read(store, `${prefix}shop/a`)), 'hunter2', 'the other one is read');
  use([two]);
  const unknown = {
    reason: 'InternalError',
    message: /^Internal error occurred: unable to transform key "\/registry\/secrets\/shop\/a".*11111111/,
  };
  await t.rejects(new ObjectStore({ store, prefix }).get('shop/a'), unknown);
  await t.rejects(new ObjectStore({ store, prefix }).list('', { kind: 'newest', limit: 0 }), unknown);
  t.same(
    told.map((sentence) => sentence.includes('/b"')),
    [true, false],
    'each is told of once',
  );
});

t.test('a watch shows what was and what is, before and after another key', async (t) => {
  const { store, use } = await open(t as Test);
  const objects = new ObjectStore({ store, prefix });
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const seen: ObjectEvent[] = [];
  const started = Promise.withResolvers<unknown>();
  void watchObjects(
    {
      ...{ store, prefix, startRevision: 1 },
      // Deletions out of the part are found by the version before.
      selects: (value) => /"password":"(one|three)"/.test(text(value)),
    },
    { onStarted: started.resolve, onEvents: (events) => void seen.push(...events) },
    stop.signal,
  );
  await started.promise;
  await objects.create('shop/a', secret('a', 'one'));
  await until(() => seen.length === 1);
  use([two, one]);
  await objects.change('shop/a', () => ({ kind: 'store', object: secret('a', 'two') }));
  await objects.create('shop/b', secret('b', 'three'));
  await objects.change('shop/b', () => ({ kind: 'delete' }));
  await until(() => seen.length === 4);
  const described = seen.map(({ type, bytes: value, revision }) => {
    const { metadata, data } = decodeFromStore(value, revision) as ApiObject & { data: { password: string } };
    return `${type} ${metadata.name} ${data.password}`;
  });
  t.same(described, ['ADDED a one', 'DELETED a one', 'ADDED b three', 'DELETED b three']);
});

t.test('a watch that meets a value it cannot open ends, as it happens and later', async (t) => {
  const { behind, store } = await open(t as Test);
  const meet = (startRevision: number, onStarted: () => void) =>
    watchObjects(
      { store, prefix, startRevision, selects: null },
      { onStarted, onEvents: () => {} },
      new AbortController().signal,
    );
  const started = Promise.withResolvers<void>();
  const live = meet(1, started.resolve);
  await started.promise;
  await put(store, `${prefix}shop/good`, '{"kind":"Secret"}');
  const key = bytes(`${prefix}shop/a`);
  const value = new ValueCipher([two]).seal(key, bytes('x'));
  await behind.transact({ success: [{ operation: 'put', key, value }] });
  const why = { reason: 'InternalError', message: /shop\/a.*22222222/ };
  await t.rejects(live, why);
  await t.rejects(
    meet(1, () => {}),
    why,
  );
});

t.test('values from before, and those of an older key, are brought under the first one', async (t) => {
  const { behind, store, use } = await open(t as Test);
  for (let n = 0; n < 250; n += 1) await put(behind, `${prefix}shop/${n}`, `plain ${n}`);
  await put(behind, '/registry/secretz/a', 'plain');
  t.equal(text(await read(store, `${prefix}shop/7`)), 'plain 7', 'it is read as it is');
  const { signal } = new AbortController();
  const run = (keys: readonly EncryptionKey[]) => reencrypt(behind, [prefix], new ValueCipher(keys), signal);
  t.same(await run([one]), { written: 250, missed: 0, unreadable: 0 });
  t.same(await run([one]), { written: 0, missed: 0, unreadable: 0 });
  t.same(await run([two]), { written: 0, missed: 0, unreadable: 250 }, 'what no key opens stays');
  t.same(await run([two, one]), { written: 250, missed: 0, unreadable: 0 });
  use([two]);
  const { items } = await store.range({ key: bytes(prefix), end: bytes('/registry/secrets0') });
  t.equal(items.length, 250);
  t.ok(items.every((item) => text(item.value) === `plain ${text(item.key).split('/').at(-1)}`));
  t.equal(text(await read(behind, '/registry/secretz/a')), 'plain');
});

t.test('bringing values under another key harms no write that comes between', async (t) => {
  const { behind, store, use } = await open(t as Test);
  const objects = new ObjectStore({ store, prefix });
  for (let n = 0; n < 40; n += 1) await objects.create(`shop/${n}`, secret(`${n}`, '0'));
  use([two, one]);
  const { signal } = new AbortController();
  const cipher = new ValueCipher([two, one]);
  const passes = [1, 2].map(() => reencrypt(behind, [prefix], cipher, signal));
  const changes = Array.from({ length: 40 }, (_, n) =>
    objects.change(`shop/${n}`, () => ({ kind: 'store', object: secret(`${n}`, 'changed') })),
  );
  const done = await Promise.all(passes);
  await Promise.all(changes);
  t.ok(done.every(({ unreadable }) => unreadable === 0));
  const { items } = await behind.range({ key: bytes(prefix), end: bytes('/registry/secrets0') });
  t.ok(items.every(({ value }) => cipher.isCurrent(value)));
  for (const item of items)
    t.match(text(cipher.open(item.key, item.value)), '"password":"changed"', text(item.key));
});

t.test('everything else is the store itself', async (t) => {
  const { behind, store } = await open(t as Test);
  const { id } = await store.grantLease(0, 60);
  t.same(await store.leases(), [id]);
  t.equal(await store.keepLeaseAlive(id), 60);
  t.match(await store.lease(id, true), { id, keys: [] });
  await put(store, `${prefix}a`, 'x');
  t.same(await store.hash(0), await behind.hash(0));
  t.equal((await store.status()).revision, (await behind.status()).revision);
  await store.revokeLease(id);
  t.same(await store.leases(), []);
  await store.defragment();
  t.type((await store.compact(1)).revision, 'number');
  const deletions: Change[] = [];
  const stop = new AbortController();
  const ended = store.watch(
    { key: bytes(`${prefix}a`), startRevision: 0 },
    {
      onStarted: () => {
        void store.transact({ success: [{ operation: 'delete', key: bytes(`${prefix}a`) }] });
      },
      onBatch: ({ changes }) => {
        deletions.push(...changes);
        stop.abort();
      },
    },
    stop.signal,
  );
  await ended;
  t.match(deletions, [{ type: 'delete' }]);
});
