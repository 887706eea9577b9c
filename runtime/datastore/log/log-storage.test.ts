import { readdirSync } from 'node:fs';
import t from 'tap';
import type { LogStorageError } from './errors.ts';
import { openLogStorage } from './log-storage.ts';
import { baseAt, batch, entries, hardState } from './testing/entries.ts';
import { MemoryFiles, systemError } from './testing/memory-files.ts';

const directory = '/log';
const segmentBytes = 4096;

function open(files: MemoryFiles) {
  return openLogStorage({ directory, segmentBytes, files });
}

function segmentPaths(files: MemoryFiles): string[] {
  return files.paths.filter((path) => path.endsWith('.log'));
}

t.test('openLogStorage finds nothing in a new directory', async (t) => {
  const log = await open(new MemoryFiles());
  t.match(log.recovered, {
    hardState: null,
    base: { index: 0, term: 0 },
    truncatedTail: false,
    damaged: null,
  });
  t.same(log.recovered.entries, []);
  t.same(log.recovered.base.configuration, { voters: [], outgoing: [], learners: [] });
  await log.close();
});

t.test('append on a real file system is read back', async (t) => {
  const real = t.testdir();
  const log = await openLogStorage({ directory: `${real}/log`, segmentBytes });
  await log.append(batch({ hardState: hardState(3, 'a'), entries: entries(1, 20, 2, 300) }));
  await log.append(batch({ entries: entries(15, 16, 3) }));
  t.ok(log.statistics().syncMilliseconds.length >= 2);
  await log.close();
  const again = await openLogStorage({ directory: `${real}/log`, segmentBytes });
  t.same(again.recovered.hardState, hardState(3, 'a'));
  t.same(again.recovered.entries, [...entries(1, 14, 2, 300), ...entries(15, 16, 3)]);
  t.equal(again.recovered.damaged, null);
  t.ok(readdirSync(`${real}/log`).length >= 2);
  await again.close();
});

t.test('append shares one sync among those that wait', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ entries: entries(1, 1) }));
  await log.append(batch({ entries: entries(2, 2) }));
  const before = log.statistics().syncMilliseconds.length;
  await Promise.all([3, 4, 5, 6, 7].map((index) => log.append(batch({ entries: entries(index, index) }))));
  t.equal(log.statistics().syncMilliseconds.length, before + 1);
  await log.close();
  t.same((await open(files)).recovered.entries, entries(1, 7));
});

t.test('append rolls to new segments, and takes an entry larger than one', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  for (let index = 1; index <= 40; index++)
    await log.append(batch({ entries: entries(index, index, 1, 500) }));
  await log.append(batch({ entries: entries(41, 41, 1, 10_000) }));
  await log.append(batch({ entries: entries(42, 42) }));
  t.ok(log.statistics().segments > 5);
  await log.close();
  const { recovered } = await open(files);
  t.same(recovered.entries, [...entries(1, 40, 1, 500), ...entries(41, 41, 1, 10_000), ...entries(42, 42)]);
});

t.test('append of a base replaces the whole log', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  for (let index = 1; index <= 30; index++)
    await log.append(batch({ entries: entries(index, index, 1, 500) }));
  await log.append(batch({ hardState: hardState(5), base: baseAt(20, 2), entries: entries(21, 22, 5) }));
  t.equal(log.statistics().segments, 1);
  await log.close();
  const { recovered } = await open(files);
  t.match(recovered, { hardState: { term: 5 }, base: { index: 20, term: 2 }, damaged: null });
  t.same(recovered.entries, entries(21, 22, 5));
});

t.test('append refuses entries and bases that do not fit', async (t) => {
  const log = await open(new MemoryFiles());
  await log.append(batch({ entries: entries(1, 3) }));
  await t.rejects(log.append(batch({ entries: entries(5, 5) })), { code: 'invalid', message: /entry 5/ });
  await t.rejects(log.compact(baseAt(4)), { code: 'invalid', message: /base 4/ });
  await log.compact(baseAt(2));
  await t.rejects(log.append(batch({ entries: entries(2, 2) })), { code: 'invalid', message: /entry 2/ });
  await log.append(batch({ entries: entries(3, 3, 2) }));
  await log.close();
});

t.test('compact deletes what is needed no more, keeps the rest, and ignores an older base', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ hardState: hardState(4, 'b') }));
  for (let index = 1; index <= 60; index++)
    await log.append(batch({ entries: entries(index, index, 1, 500) }));
  const before = log.statistics();
  await log.compact(baseAt(50));
  await log.compact(baseAt(10));
  const after = log.statistics();
  t.ok(
    after.segments < before.segments && after.segments <= 3,
    `${before.segments} to ${after.segments} segments`,
  );
  t.equal(segmentPaths(files).length, after.segments);
  await log.close();
  const again = await open(files);
  t.match(again.recovered, { hardState: hardState(4, 'b'), base: baseAt(50), damaged: null });
  t.same(again.recovered.entries, entries(51, 60, 1, 500));
  await again.compact(baseAt(60));
  await again.append(batch({ entries: entries(61, 61) }));
  await again.close();
  t.same((await open(files)).recovered.entries, entries(61, 61));
});

t.test('reset drops everything but term and vote', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ hardState: hardState(9, 'c'), entries: entries(1, 30, 1, 500) }));
  await log.reset(baseAt(0, 0));
  t.equal(segmentPaths(files).length, 1);
  t.notOk(files.bytes(segmentPaths(files)[0]!).includes(Buffer.from(entries(30, 30, 1, 500)[0]!.data)));
  await log.append(batch({ entries: entries(1, 2, 9) }));
  await log.close();
  const { recovered } = await open(files);
  t.match(recovered, { hardState: hardState(9, 'c'), base: { index: 0 }, damaged: null });
  t.same(recovered.entries, entries(1, 2, 9));
});

t.test('append on a full disk is refused, loses nothing, and works again when there is space', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ entries: entries(1, 1, 1, 500) }));
  files.fault = (operation, path) => {
    if (operation === 'create') throw systemError('ENOSPC', path);
  };
  let acknowledged = 1;
  const next = () => log.append(batch({ entries: entries(acknowledged + 1, acknowledged + 1, 1, 500) }));
  const refused = await (async () => {
    for (;;) {
      try {
        await next();
        acknowledged++;
      } catch (error) {
        return error as LogStorageError;
      }
    }
  })();
  t.match(refused, { name: 'LogStorageError', code: 'diskFull', message: /free some space/ });
  t.ok(acknowledged >= 6, `${acknowledged} entries went into what was preallocated`);
  await t.rejects(next(), { code: 'diskFull' });
  await log.compact(baseAt(3));
  files.fault = () => undefined;
  await next();
  await log.close();
  t.same((await open(files)).recovered.entries, entries(4, acknowledged + 1, 1, 500));
});

t.test('append refused within a segment by a full disk leaves no hole', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ entries: entries(1, 1) }));
  files.fault = (operation, path) => {
    if (operation === 'write') throw systemError('EDQUOT', path);
  };
  const both = [log.append(batch({ entries: entries(2, 2) })), log.append(batch({ entries: entries(3, 3) }))];
  for (const outcome of await Promise.allSettled(both)) t.match(outcome, { reason: { code: 'diskFull' } });
  files.fault = () => undefined;
  await t.rejects(log.append(batch({ entries: entries(4, 4) })), { code: 'invalid' });
  await log.append(batch({ entries: entries(2, 3) }));
  await log.close();
  t.same((await open(files)).recovered.entries, entries(1, 3));
});

t.test('append after a failed sync or write is refused for good, with the reason', async (t) => {
  for (const operation of ['sync', 'write']) {
    const files = new MemoryFiles();
    const log = await open(files);
    await log.append(batch({ entries: entries(1, 1) }));
    files.fault = (each, path) => {
      if (each === operation) throw systemError('EIO', path);
    };
    const waiting = [log.append(batch({ entries: entries(2, 2) })), log.reset(baseAt(0))];
    for (const outcome of await Promise.allSettled(waiting)) t.match(outcome, { reason: { code: 'failed' } });
    files.fault = () => undefined;
    await t.rejects(
      log.append(batch({ entries: entries(2, 2) })),
      { code: 'failed', message: /EIO/ },
      operation,
    );
    await log.close();
    t.same((await open(files)).recovered.entries[0], entries(1, 1)[0]);
  }
});

t.test('append after close is refused', async (t) => {
  const log = await open(new MemoryFiles());
  const last = log.append(batch({ entries: entries(1, 1) }));
  const closing = log.close();
  await t.rejects(log.append(batch({ entries: entries(2, 2) })), { code: 'closed' });
  await last;
  await closing;
});
