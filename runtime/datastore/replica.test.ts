import t from 'tap';
import type { Entry, HardState, LogIndex, Ready, SnapshotMeta, Term } from '../raft/types.ts';
import { LostError, PendingWork } from './pending-work.ts';
import { mergeReadies } from './replica.ts';

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

t.test('PendingWork gives a result only to the proposal of the term that was applied', async (t) => {
  const pending = new PendingWork();
  const ours = pending.expectResult(5 as LogIndex, 1 as Term);
  const theirs = pending.expectResult(6 as LogIndex, 1 as Term);
  const result = { kind: 'compacted', revision: 1 } as const;
  const results = new Map([
    [5, result],
    [6, result],
  ] as [LogIndex, typeof result][]);
  pending.applied(6 as LogIndex, results, [entry(5, 1), entry(6, 2)]);
  t.equal(await ours, result);
  await t.rejects(theirs, LostError);
});

t.test(
  'PendingWork serves a read when the state has reached its index, and fails one without an answer',
  async (t) => {
    const pending = new PendingWork();
    const read = pending.expectRead(10_000);
    const unanswered = pending.expectRead(20);
    let served = false;
    read.done.then(() => {
      served = true;
    });
    pending.readConfirmed(read.context, 7 as LogIndex);
    pending.servable(6 as LogIndex);
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(served, false);
    pending.servable(7 as LogIndex);
    t.equal(await read.done, true);
    t.equal(await unanswered.done, false);
  },
);
