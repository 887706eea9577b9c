/** Leases: granted, kept alive, revoked, expired; and what becomes of the keys. */
import type { Test } from 'tap';
import { codeOf, errorOf, type Subject, until } from './subject.ts';

export function testLeases(t: Test, { store, key, name, put, remove, get }: Subject): void {
  t.test('a lease is granted, listed and revoked with its keys', async (t) => {
    const chosen = await store.grantLease(0, 600);
    t.ok(Number.isSafeInteger(chosen.id) && chosen.id > 0);
    t.equal(chosen.seconds, 600);
    const named = await store.grantLease(77_001, 600);
    t.equal(named.id, 77_001);
    const list = await store.leases();
    t.ok(list.includes(chosen.id) && list.includes(77_001));
    t.same(
      [...list].sort((a, b) => a - b),
      list,
      'sorted',
    );
    await put('b', '', 77_001);
    await put('a', '', 77_001);
    const revision = await put('c', '', 77_001);
    await remove('c');
    const info = await store.lease(77_001, true);
    t.same(info.keys.map(name), ['a', 'b'], 'sorted, and without what is gone');
    t.equal(info.grantedSeconds, 600);
    t.ok(info.remainingSeconds > 590 && info.remainingSeconds <= 600);
    t.same((await store.lease(77_001, false)).keys, []);
    const revoked = await store.revokeLease(77_001);
    t.equal(revoked.revision, revision + 2, 'its keys go in one revision');
    t.same([await get('a'), await get('b')], [undefined, undefined]);
    t.notOk((await store.leases()).includes(77_001));
    const before = (await store.range({ key: key('x') })).revision;
    t.equal((await store.revokeLease(chosen.id)).revision, before, 'a lease without keys takes no revision');
  });

  t.test('what does not exist, or exists already', async (t) => {
    t.equal(await codeOf(store.revokeLease(99_001)), 'leaseNotFound');
    t.equal(await codeOf(store.keepLeaseAlive(99_001)), 'leaseNotFound');
    t.equal(await codeOf(put('x', '', 99_001)), 'leaseNotFound');
    t.equal((await store.lease(99_001, true)).remainingSeconds, -1);
    await store.grantLease(77_002, 600);
    t.equal(await codeOf(store.grantLease(77_002, 600)), 'leaseExists');
    await store.revokeLease(77_002);
  });

  t.test('times and ids out of reason are refused', async (t) => {
    for (const seconds of [0, -1, 0.5, Number.NaN, 9_000_000_001, Number.MAX_SAFE_INTEGER]) {
      t.equal(await codeOf(store.grantLease(0, seconds)), 'invalid', `${seconds} seconds`);
    }
    for (const id of [-1, 0.5, Number.MAX_SAFE_INTEGER + 1]) {
      t.equal(await codeOf(store.grantLease(id, 60)), 'invalid', `lease ${id}`);
    }
    const largest = await store.grantLease(Number.MAX_SAFE_INTEGER, 9_000_000_000);
    t.equal(largest.id, Number.MAX_SAFE_INTEGER);
    await put('largest', '', largest.id);
    t.equal((await get('largest'))!.lease, Number.MAX_SAFE_INTEGER);
    await store.revokeLease(largest.id);
  });

  t.test('a key belongs to the lease of its last change', async (t) => {
    const [one, two] = [await store.grantLease(0, 600), await store.grantLease(0, 600)];
    await put('moves', '1', one.id);
    await put('moves', '2', two.id);
    t.same((await store.lease(one.id, true)).keys, []);
    await store.revokeLease(one.id);
    t.ok(await get('moves'));
    await put('moves', '3');
    await store.revokeLease(two.id);
    t.ok(await get('moves'), 'a change without a lease frees the key');
  });

  t.test('a lease that is not kept alive expires with its keys; one that is stays', async (t) => {
    const seconds = (await store.grantLease(88_001, 2)).seconds;
    await store.grantLease(88_002, 2);
    await put('dies', '', 88_001);
    await put('lives', '', 88_002);
    const startedAt = performance.now();
    const keeper = setInterval(() => store.keepLeaseAlive(88_002).catch(() => {}), 300);
    try {
      t.equal(await store.keepLeaseAlive(88_002), seconds);
      await until(async () => (await get('dies')) === undefined, 'the key goes with its lease', 15_000);
      const waited = (performance.now() - startedAt) / 1000;
      t.ok(waited >= seconds - 0.5, `not before its time (${waited.toFixed(1)} s of ${seconds})`);
      t.ok(await get('lives'));
      t.notOk((await store.leases()).includes(88_001));
      t.equal((await errorOf(store.keepLeaseAlive(88_001)))?.code, 'leaseNotFound');
    } finally {
      clearInterval(keeper);
    }
    await store.revokeLease(88_002);
  });
}
