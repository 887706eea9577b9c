/** Watches: from now, from the past, in order, whole revisions, none twice, none left out. */
import type { Test } from 'tap';
import { after, type Change, everyKeyEnd, type KeyRange } from '../../state-machine/model.ts';
import type { WatchBatch, WatchRequest } from '../../store.ts';
import { bytes, codeOf, errorOf, type Subject, text, until } from './subject.ts';

interface Watcher {
  readonly batches: WatchBatch[];
  readonly changes: () => Change[];
  readonly startedAt: Promise<number>;
  readonly ended: Promise<void>;
  readonly stop: () => Promise<void>;
}

export function testWatches(t: Test, { store, key, name, all, put, remove }: Subject): void {
  const watch = (request: Partial<WatchRequest>, onBatch?: () => Promise<void>): Watcher => {
    const batches: WatchBatch[] = [];
    const started = Promise.withResolvers<number>();
    const stop = new AbortController();
    const handlers = {
      onStarted: started.resolve,
      onBatch: async (batch: WatchBatch): Promise<void> => {
        batches.push(batch);
        await onBatch?.();
      },
    };
    const ended = store.watch({ ...all, startRevision: 0, ...request }, handlers, stop.signal);
    ended.catch(started.reject);
    started.promise.catch(() => {});
    return {
      batches,
      changes: () => batches.flatMap((batch) => batch.changes),
      startedAt: started.promise,
      ended,
      stop: async () => {
        stop.abort();
        await ended;
      },
    };
  };
  const short = (change: Change): string => `${change.type} ${name(change.key)}=${text(change.value)}`;

  t.test('a watch from now on sees what happens from now on', async (t) => {
    const before = await put('w', 'before');
    const watcher = watch({});
    t.ok((await watcher.startedAt) >= before);
    const first = await put('w', '1');
    await remove('w');
    const last = await put('v', '2');
    await until(() => watcher.changes().length >= 3, 'three changes');
    t.same(watcher.changes().map(short), ['put w=1', 'delete w=', 'put v=2']);
    t.same(
      watcher.changes().map((change) => change.modifyRevision),
      [first, first + 1, last],
    );
    const [put1, deletion] = watcher.changes();
    t.same([put1!.version, put1!.createRevision], [2, before]);
    t.same([deletion!.version, deletion!.createRevision, deletion!.lease], [0, 0, 0]);
    t.equal(put1!.previous, undefined, 'what was before comes only where asked for');
    t.equal(watcher.batches.at(-1)!.revision, last);
    await watcher.stop();
    const count = watcher.changes().length;
    await put('w', 'after');
    t.equal(watcher.changes().length, count, 'nothing comes after the end');
  });

  t.test('a watch from a past revision misses nothing', async (t) => {
    const first = await put('h', '1');
    for (let value = 2; value <= 50; value += 1) await put('h', String(value));
    const watcher = watch({ startRevision: first, key: key('h'), end: undefined });
    for (let value = 51; value <= 60; value += 1) await put('h', String(value));
    await until(() => watcher.changes().length >= 60, 'sixty changes');
    t.same(
      watcher.changes().map((change) => text(change.value)),
      Array.from({ length: 60 }, (_, i) => String(i + 1)),
    );
    await watcher.stop();
    const later = watch({ startRevision: first + 10, key: key('h'), end: undefined });
    await until(() => later.changes().length >= 50, 'fifty changes');
    t.equal(text(later.changes()[0]!.value), '11');
    await later.stop();
  });

  t.test('a watch may begin in the future', async (t) => {
    const now = await put('f', 'now');
    const watcher = watch({ startRevision: now + 3 });
    for (const value of ['1', '2', '3', '4']) await put('f', value);
    await until(() => watcher.changes().length >= 2, 'two changes');
    t.same(watcher.changes().map(short), ['put f=3', 'put f=4']);
    await watcher.stop();
  });

  t.test('previous versions come where asked for', async (t) => {
    await put('p', 'old');
    const watcher = watch({ previous: true });
    await watcher.startedAt;
    await put('p', 'new');
    await remove('p');
    await put('p', 'again');
    await until(() => watcher.changes().length >= 3, 'three changes');
    const previous = watcher
      .changes()
      .map((change) => (change.previous ? text(change.previous.value) : change.previous));
    t.same(previous, ['old', 'new', null]);
    await watcher.stop();
  });

  t.test('previous versions come to nobody else', async (t) => {
    const [asks, other] = [
      watch({ previous: true, key: key('q'), end: undefined }),
      watch({ key: key('q'), end: undefined }),
    ];
    await Promise.all([asks.startedAt, other.startedAt]);
    await put('q', '1');
    await put('q', '2');
    await until(() => asks.changes().length === 2 && other.changes().length === 2, 'two changes each');
    t.equal(text(asks.changes()[1]!.previous!.value), '1');
    t.equal(other.changes()[1]!.previous, undefined);
    await Promise.all([asks.stop(), other.stop()]);
  });

  t.test('a transaction comes in one batch, in its order', async (t) => {
    const watcher = watch({});
    await watcher.startedAt;
    const order = ['z', 'a', 'm'];
    const { revision } = await store.transact({
      success: order.map((item) => ({ operation: 'put', key: key(item), value: bytes(item) }) as const),
    });
    await store.transact({ success: [{ operation: 'delete', ...all }] });
    await until(() => watcher.changes().some((change) => change.type === 'delete'), 'the deletion');
    const own = watcher.changes().filter((change) => change.modifyRevision === revision);
    t.same(
      own.map((change) => name(change.key)),
      order,
    );
    for (const batch of watcher.batches) {
      const others = watcher.batches.filter((other) => other !== batch);
      const revisions = new Set(batch.changes.map((change) => change.modifyRevision));
      t.notOk(
        others.some((other) => other.changes.some((change) => revisions.has(change.modifyRevision))),
        'no revision is spread over two batches',
      );
      t.ok(batch.changes.every((change) => change.modifyRevision <= batch.revision));
    }
    await watcher.stop();
  });

  t.test('a watch sees its own range only', async (t) => {
    const ranges: readonly (readonly [string, KeyRange, string])[] = [
      ['one key', { key: key('k2') }, 'k2'],
      ['a half open range', { key: key('k1'), end: key('k3') }, 'k1 k2'],
      ['an open end', { key: key('k2'), end: everyKeyEnd }, 'k2 k3 k4'],
      ['the next key', { key: after(key('k2')), end: key('k4') }, 'k3'],
    ];
    const watchers = ranges.map(([, range]) => watch({ ...range, end: range.end }));
    await Promise.all(watchers.map((watcher) => watcher.startedAt));
    for (const item of ['k1', 'k2', 'k3', 'k4']) await put(item, '');
    const sentinel = watch({ key: key('k4'), end: undefined, startRevision: 1 });
    await until(
      () => watchers.every((watcher, at) => watcher.changes().length >= ranges[at]![2].split(' ').length),
      'all',
    );
    for (const [at, [title, , expected]] of ranges.entries()) {
      const seen = watchers[at]!.changes()
        .map((change) => name(change.key))
        .filter((item) => /^k\d$/.test(item));
      t.equal(seen.join(' '), expected, title);
    }
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    await sentinel.stop().catch(() => {});
  });

  t.test('many watchers, each sees all', async (t) => {
    const watchers = Array.from({ length: 100 }, () => watch({ key: key('many'), end: undefined }));
    await Promise.all(watchers.map((watcher) => watcher.startedAt));
    for (let value = 0; value < 20; value += 1) await put('many', String(value));
    await until(() => watchers.every((watcher) => watcher.changes().length === 20), 'all of them', 20_000);
    const expected = Array.from({ length: 20 }, (_, index) => String(index));
    t.ok(
      watchers.every(
        (watcher) =>
          watcher
            .changes()
            .map((change) => text(change.value))
            .join() === expected.join(),
      ),
    );
    await Promise.all(watchers.map((watcher) => watcher.stop()));
  });

  t.test('a slow watcher holds up nobody, and misses nothing', async (t) => {
    const gate = Promise.withResolvers<void>();
    const slow = watch({ key: key('slow'), end: undefined }, () => gate.promise);
    const quick = watch({ key: key('slow'), end: undefined });
    await Promise.all([slow.startedAt, quick.startedAt]);
    for (let value = 0; value < 200; value += 1) await put('slow', String(value));
    await until(() => quick.changes().length === 200, 'the quick one');
    t.equal(slow.batches.length, 1, 'one batch at a time');
    gate.resolve();
    await until(() => slow.changes().length === 200, 'the slow one');
    t.same(
      slow.changes().map((change) => text(change.value)),
      Array.from({ length: 200 }, (_, index) => String(index)),
    );
    await Promise.all([slow.stop(), quick.stop()]);
  });

  t.test('a large history comes in order', async (t) => {
    const first = await put('large', '');
    for (let round = 0; round < 10; round += 1) {
      const success = Array.from({ length: 100 }, (_, at) => ({
        operation: 'put' as const,
        key: key(`large/${at}`),
        value: new Uint8Array(2_000),
      }));
      await store.transact({ success });
    }
    const watcher = watch({ startRevision: first });
    await until(() => watcher.changes().length >= 1_001, 'a thousand changes');
    const revisions = watcher.changes().map((change) => change.modifyRevision);
    t.same(
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    t.equal(watcher.changes().length, 1_001);
    await watcher.stop();
  });

  t.test('a watch from a compacted revision names the oldest one kept', async (t) => {
    await put('gone', '1');
    const revision = await put('gone', '2');
    await store.compact(revision);
    const error = await errorOf(watch({ startRevision: 1 }).ended);
    t.equal(error?.code, 'compacted');
    t.equal(error?.revision, revision);
    const watcher = watch({ startRevision: revision, key: key('gone'), end: undefined });
    await until(() => watcher.changes().length === 1, 'the oldest revision kept');
    t.equal(text(watcher.changes()[0]!.value), '2');
    await watcher.stop();
  });

  t.test('requests that make no sense are refused', async (t) => {
    t.equal(await codeOf(watch({ key: bytes('') }).ended), 'invalid');
    t.equal(await codeOf(watch({ startRevision: -1 }).ended), 'invalid');
    t.equal(await codeOf(watch({ key: key('b'), end: key('a') }).ended), 'invalid', 'an empty range');
  });

  t.test('a watch that was never wanted ends at once', async (t) => {
    const handlers = { onStarted: () => {}, onBatch: () => void t.fail('no batch') };
    await store.watch({ ...all, startRevision: 1 }, handlers, AbortSignal.abort());
    t.pass('it ended');
  });
}
