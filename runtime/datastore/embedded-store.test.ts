import t, { type Test } from 'tap';
import type { Change, Operation } from './state-machine/model.ts';
import type { Store } from './store.ts';
import { openSoloStore } from './testing/solo-store.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const put = (key: string, value: string, lease = 0): Operation => ({
  ...{ operation: 'put', key: bytes(key), value: bytes(value), lease },
});

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Collects what a watch delivers; `release` lets a held batch go. */
function watching(t: Test, store: Store, startRevision: number, hold = false) {
  const stop = new AbortController();
  const changes: Change[] = [];
  const started = Promise.withResolvers<number>();
  let release = (): void => {};
  const ended = store.watch(
    { key: bytes('k'), end: bytes('l'), startRevision, previous: true },
    {
      onStarted: (revision) => started.resolve(revision),
      onBatch: (batch) => {
        changes.push(...batch.changes);
        if (!hold) return;
        return new Promise<void>((resolve) => {
          release = resolve;
        });
      },
    },
    stop.signal,
  );
  t.teardown(() => stop.abort());
  return { changes, ended, started: started.promise, stop: () => stop.abort(), release: () => release() };
}

for (const overPort of [false, true]) {
  t.test(
    `watch ${overPort ? 'over a port ' : ''}delivers history, then what happens, without gap or repetition`,
    async (t) => {
      const { store } = await openSoloStore(t, t.testdir(), { overPort });
      for (let i = 0; i < 1200; i += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, n) => store.transact({ success: [put(`k${i + n}`, 'x')] })),
        );
      const { revision } = await store.range({ key: bytes('k') });
      const early = watching(t, store, 1);
      const now = watching(t, store, 0);
      await Promise.all([early.started, now.started]);
      const writing = Array.from({ length: 300 }, (_, n) =>
        store.transact({ success: [put(`k${n}`, 'y'), put(`x${n}`, '')] }),
      );
      const late = watching(t, store, revision - 5);
      await Promise.all(writing);
      await until('all have come', () =>
        [early, now, late].every((each) => each.changes.at(-1)?.modifyRevision === revision + 300),
      );
      const expected = Array.from({ length: revision + 300 }, (_, i) => i + 1);
      t.same(
        early.changes.map((change) => change.modifyRevision),
        expected,
      );
      t.same(
        now.changes.map((change) => change.modifyRevision),
        expected.slice(revision),
      );
      t.same(
        late.changes.map((change) => change.modifyRevision),
        expected.slice(revision - 6),
      );
      t.equal(Buffer.from(now.changes[0]?.previous?.value ?? []).toString(), 'x');
      now.stop();
      await now.ended;
    },
  );
}

t.test('a slow watcher is not waited for, holds no memory, and misses nothing', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  const slow = watching(t, store, 1, true);
  const quick = watching(t, store, 1);
  await Promise.all([slow.started, quick.started]);
  for (let n = 0; n < 50; n += 1) await store.transact({ success: [put('k', `${n}`)] });
  await until('the quick one has all', () => quick.changes.length === 50);
  t.ok(slow.changes.length < 50);
  await until('the slow one has all', () => {
    slow.release();
    return slow.changes.length === 50;
  });
  t.same(slow.changes, quick.changes);
});

t.test(
  'a watch from a compacted revision ends with the oldest one kept, one that is caught up goes on',
  async (t) => {
    const { store } = await openSoloStore(t, t.testdir());
    for (let n = 0; n < 10; n += 1) await store.transact({ success: [put('k', `${n}`)] });
    const caughtUp = watching(t, store, 9);
    await until('it has caught up', () => caughtUp.changes.length === 2);
    await store.compact(8);
    await t.rejects(watching(t, store, 7).ended, { code: 'compacted', revision: 8 });
    await store.transact({ success: [put('k', 'more')] });
    await until('it goes on', () => caughtUp.changes.length === 3);
  },
);

t.test('a range of many pages is one state, however much is written meanwhile', async (t) => {
  const { store } = await openSoloStore(t, t.testdir(), { overPort: true });
  await Promise.all(
    Array.from({ length: 1000 }, (_, n) =>
      store.transact({ success: [put(`k${`${n}`.padStart(4, '0')}`, 'old')] }),
    ),
  );
  const reading = store.range({ key: bytes('k'), end: bytes('l') });
  const writing = Array.from({ length: 1000 }, (_, n) =>
    store.transact({ success: [put(`k${`${n}`.padStart(4, '0')}`, 'new')] }),
  );
  const { items, revision } = await reading;
  t.equal(items.length, 1000);
  t.ok(items.every((item) => item.modifyRevision <= revision));
  await Promise.all(writing);
  t.same(await store.range({ key: bytes('k'), end: bytes('l'), revision }).then((read) => read.items), items);
});

t.test('a lease ends its keys when it is not kept alive, and not before', async (t) => {
  const { store } = await openSoloStore(t, t.testdir());
  const { id } = await store.grantLease(0, 1);
  await store.transact({ success: [put('k', 'leased', id), put('k2', 'free')] });
  t.match(await store.lease(id, true), { grantedSeconds: 1, remainingSeconds: 1, keys: [Buffer.from('k')] });
  for (let n = 0; n < 4; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.equal(await store.keepLeaseAlive(id), 1);
  }
  t.equal((await store.range({ key: bytes('k') })).items.length, 1, 'kept alive for twice its time');
  await until('it ends', async () => (await store.range({ key: bytes('k') })).items.length === 0);
  t.match(await store.lease(id, false), { remainingSeconds: -1 });
  await t.rejects(store.keepLeaseAlive(id), { code: 'leaseNotFound' });
  await t.rejects(store.revokeLease(id), { code: 'leaseNotFound' });
  t.equal((await store.range({ key: bytes('k2') })).items.length, 1);
});

t.test(
  'the space limit raises an alarm, refuses writes, and takes itself back when there is space',
  async (t) => {
    const { store } = await openSoloStore(t, t.testdir(), { spaceLimitBytes: 2 ** 20 });
    const value = 'x'.repeat(50_000);
    await until('writes are refused', () =>
      store.transact({ success: [put('k', value)] }).then(
        () => false,
        (error: { code?: string }) => error.code === 'noSpace',
      ),
    );
    t.match((await store.status()).alarms, [{ alarm: 'noSpace' }]);
    const { revision } = await store.range({ key: bytes('k') });
    await store.compact(revision);
    await until('writes are taken again', () =>
      store.transact({ success: [put('k2', 'small')] }).then(
        () => true,
        () => false,
      ),
    );
    t.same((await store.status()).alarms, []);
    const before = (await store.status()).sizeBytes;
    await store.defragment();
    t.ok((await store.status()).sizeBytes < before);
  },
);

t.test('history that nobody compacts is bounded', async (t) => {
  const { store } = await openSoloStore(t, t.testdir(), { keepRevisions: 100 });
  await Promise.all(Array.from({ length: 300 }, () => store.transact({ success: [put('k', 'v')] })));
  await until('it is compacted', () =>
    store.range({ key: bytes('k'), revision: 150 }).then(
      () => false,
      (error: { code?: string }) => error.code === 'compacted',
    ),
  );
  t.equal((await store.range({ key: bytes('k'), revision: 250 })).items.length, 1);
});

t.test('what was written, and what was answered, survives a restart', async (t) => {
  const directory = t.testdir();
  const first = await openSoloStore(t, directory);
  const { id } = await first.store.grantLease(0, 60);
  await first.store.transact({ success: [put('k', 'v', id)] });
  const { hash } = await first.store.hash(0);
  await first.close();
  const { store } = await openSoloStore(t, directory, { again: true });
  t.equal((await store.hash(0)).hash, hash);
  t.same(await store.leases(), [id]);
  t.match(await store.lease(id, true), { grantedSeconds: 60, keys: [Buffer.from('k')] });
});

t.test('snapshot gives a whole copy in pieces', async (t) => {
  const { store } = await openSoloStore(t, t.testdir(), { overPort: true });
  await store.transact({ success: [put('k', 'x'.repeat(300_000))] });
  const pieces: Uint8Array[] = [];
  let remaining = -1;
  await store.snapshot(async (piece, remainingBytes) => {
    pieces.push(piece);
    remaining = remainingBytes;
  });
  t.equal(remaining, 0);
  t.equal(Buffer.concat(pieces).subarray(0, 15).toString(), 'SQLite format 3');
});
