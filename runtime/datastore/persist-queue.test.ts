import t from 'tap';
import type { Entry, HardState, LogIndex, Ready, SnapshotMeta, Term } from '../raft/types.ts';
import { realClock } from './clock.ts';
import type { LogStorage } from './log/log-storage.ts';
import { LogStorageError } from './log/log-storage.ts';
import { mergeReadies, PersistQueue } from './persist-queue.ts';

function entry(index: number, term: number): Entry {
  return { index: index as LogIndex, term: term as Term, kind: 'empty', data: new Uint8Array() };
}

function ready(part: Partial<Ready>): Ready {
  const nothing = {
    messages: [],
    messagesAfterPersist: [],
    entries: [],
    committed: [],
    reads: [],
    snapshotsToSend: [],
  };
  return { number: 1, hardState: null, snapshot: null, ...nothing, ...part };
}

t.test('mergeReadies lets later entries replace earlier ones from their first index on', async (t) => {
  const merged = mergeReadies([
    ready({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)] }),
    ready({ entries: [entry(2, 2)] }),
    ready({ entries: [entry(3, 2)] }),
  ]);
  t.same(
    merged.entries.map(({ index, term }) => [index, term]),
    [
      [1, 1],
      [2, 2],
      [3, 2],
    ],
  );
});

t.test('mergeReadies keeps the last hard state, and drops entries before a snapshot', async (t) => {
  const first = { term: 1, vote: null, commit: 0 } as unknown as HardState;
  const second = { ...first, term: 2 } as unknown as HardState;
  const snapshot = {
    index: 9,
    term: 2,
    configuration: { voters: [], outgoing: [], learners: [] },
  } as unknown as SnapshotMeta;
  const merged = mergeReadies([
    ready({ hardState: first, entries: [entry(1, 1)] }),
    ready({ hardState: second, snapshot }),
    ready({ entries: [entry(10, 2)] }),
  ]);
  t.equal(merged.hardState, second);
  t.equal(merged.base, snapshot);
  t.same(
    merged.entries.map(({ index }) => index),
    [10],
  );
});

/** A log that records batches and fails as told. */
function recordingLog(failures: (LogStorageError | null)[]): { log: LogStorage; batches: number[][] } {
  const batches: number[][] = [];
  const append = async (batch: { entries: readonly Entry[] }): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const failure = failures.shift();
    if (failure) throw failure;
    batches.push(batch.entries.map((each) => each.index));
  };
  return { log: { append } as unknown as LogStorage, batches };
}

t.test('PersistQueue lets what arrives during a sync share the next one, and reports in order', async (t) => {
  const { log, batches } = recordingLog([]);
  const durable: number[] = [];
  const queue = new PersistQueue(log, null, 0 as LogIndex, realClock, {
    installState: () => {},
    onDurable: (batch) => durable.push(...batch.map((each) => each.number)),
    onFull: () => {},
    onFailed: (error) => t.fail(String(error)),
  });
  for (let index = 1; index <= 4; index += 1) {
    queue.push(ready({ number: index, entries: [entry(index, 1)] }));
    void queue.run();
  }
  await queue.settled();
  t.same(batches, [[1], [2, 3, 4]]);
  t.same(durable, [1, 2, 3, 4]);
  t.equal(queue.durableIndex, 4);
});

t.test('PersistQueue waits for space on a full disk and gives up on anything else', async (t) => {
  const full = new LogStorageError('diskFull', 'no space');
  const { log, batches } = recordingLog([full, null, new LogStorageError('failed', 'the disk is broken')]);
  const told: unknown[] = [];
  const queue = new PersistQueue(log, null, 0 as LogIndex, realClock, {
    installState: () => {},
    onDurable: () => told.push('durable'),
    onFull: (isFull) => told.push(isFull),
    onFailed: (error) => told.push((error as LogStorageError).code),
  });
  queue.push(ready({ entries: [entry(1, 1)] }));
  await queue.run();
  t.same(told, [true, false, 'durable']);
  queue.push(ready({ entries: [entry(2, 1)] }));
  await queue.run();
  t.same(told.slice(3), ['failed'], 'what was not written is never reported as durable');
  t.same(batches, [[1]]);
  t.equal(queue.durableIndex, 1);
});
