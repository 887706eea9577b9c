/** What becomes of an `EtcdStore` when the members of its etcd die one after the other. */
import t, { type Test } from 'tap';
import type { Change } from '../state-machine/model.ts';
import { shortDirectory, surroundings } from '../testing/etcd-face.ts';
import { startEtcd } from '../testing/etcd-process.ts';
import { errorOf, makeSubject, text, until } from '../testing/suite/subject.ts';
import { EtcdStore } from './etcd-store.ts';

t.setTimeout(600_000);

t.test('reads, writes and watches go on while members die in turn', { timeout: 180_000 }, async (t) => {
  const cluster = await startEtcd(shortDirectory(t as Test), 3, [
    '--heartbeat-interval',
    '50',
    '--election-timeout',
    '500',
  ]);
  t.teardown(() => cluster.close());
  const writer = new EtcdStore({ endpoints: cluster.endpoints, surroundings });
  const watcher = new EtcdStore({ endpoints: cluster.endpoints, surroundings });
  t.teardown(() => Promise.all([writer.close(), watcher.close()]));
  const { put, key, all } = makeSubject(writer, 'f');
  const seen: Change[] = [];
  const stop = new AbortController();
  const started = Promise.withResolvers<number>();
  const handlers = {
    onStarted: started.resolve,
    onBatch: (batch: { changes: readonly Change[] }) => void seen.push(...batch.changes),
  };
  const watching = watcher.watch({ ...all, startRevision: 0, previous: true }, handlers, stop.signal);
  const first = (await started.promise) + 1;

  let unknown = 0;
  let writing = true;
  const acknowledged: number[] = [];
  const writes = (async () => {
    for (let value = 0; writing; value += 1) {
      const error = await errorOf(
        put('k', String(value)).then((revision) => void acknowledged.push(revision)),
      );
      if (error !== null) {
        t.equal(error.code, 'unavailable', 'nothing but an unknown outcome');
        unknown += 1;
      }
    }
  })();
  for (const member of cluster.members) {
    const before = acknowledged.length;
    await until(() => acknowledged.length > before + 50, 'writes succeed', 30_000);
    await member.stop('SIGKILL');
    const after = acknowledged.length;
    await until(() => acknowledged.length > after + 50, 'writes succeed without the member', 30_000);
    t.ok((await writer.range({ key: key('k') })).items.length === 1, 'so do reads');
    await member.start();
  }
  writing = false;
  await writes;
  const last = (await writer.range(all)).revision;
  await until(() => seen.at(-1)?.modifyRevision === last, 'the watch has seen all', 20_000);
  stop.abort();
  await watching;

  t.comment(`${acknowledged.length} writes acknowledged, ${unknown} of unknown outcome`);
  const revisions = seen.map((change) => change.modifyRevision);
  t.same(
    revisions,
    Array.from({ length: last - first + 1 }, (_, index) => first + index),
    'no gap, none twice',
  );
  const missing = acknowledged.filter((revision) => !revisions.includes(revision));
  t.same(missing, [], 'nothing acknowledged is lost');
  const torn = seen.findIndex((change, index) => {
    const before = seen[index - 1];
    return before !== undefined && text(change.previous?.value ?? new Uint8Array()) !== text(before.value);
  });
  t.equal(torn, -1, 'each change knows the one before');
});

t.test('without a majority a request ends in time, and says why', { timeout: 60_000 }, async (t) => {
  const cluster = await startEtcd(shortDirectory(t as Test), 3);
  t.teardown(() => cluster.close());
  const store = new EtcdStore({ endpoints: cluster.endpoints, surroundings, limitMilliseconds: 3_000 });
  t.teardown(() => store.close());
  const { put, get } = makeSubject(store, 'q');
  await put('k', 'v');
  await Promise.all(cluster.members.slice(1).map((member) => member.stop('SIGKILL')));
  const startedAt = performance.now();
  const errors = await Promise.all([errorOf(put('k', 'w')), errorOf(get('k'))]);
  t.same(
    errors.map((error) => error?.code),
    ['unavailable', 'unavailable'],
  );
  t.ok(performance.now() - startedAt < 6_000, 'within its time');
  const old = await store.range({ key: makeSubject(store, 'q').key('k') }, { serializable: true });
  t.equal(old.items.length, 1, 'a serializable read needs no majority');
  await cluster.members[0]!.stop('SIGKILL');
  const nobody = await errorOf(put('k', 'x'));
  t.equal(nobody?.code, 'unavailable');
  t.match(nobody?.message, /no etcd endpoint answers: http:|the answer of etcd is lost/);
  // That one may have been on its way to the last of them. The next finds nobody.
  t.match((await errorOf(put('k', 'x')))?.message, /no etcd endpoint answers: http:/);
  await Promise.all(cluster.members.map((member) => member.start()));
  await until(async () => (await errorOf(put('k', 'y'))) === null, 'it goes on when they are back', 30_000);
});

t.test('a closed store ends its watches and refuses', async (t) => {
  const cluster = await startEtcd(shortDirectory(t as Test), 1);
  t.teardown(() => cluster.close());
  const store = new EtcdStore({ endpoints: cluster.endpoints, surroundings });
  const { all, put } = makeSubject(store, 'c');
  const started = Promise.withResolvers<void>();
  const handlers = { onStarted: () => started.resolve(), onBatch: () => {} };
  const watching = store.watch({ ...all, startRevision: 0 }, handlers, new AbortController().signal);
  await started.promise;
  await store.close();
  await watching;
  t.equal((await errorOf(put('x', '')))?.code, 'unavailable');
  t.throws(() => new EtcdStore({ endpoints: [], surroundings }), /at least one endpoint/);
});
