import t from 'tap';
import type { Entry, LogIndex, Term } from '../raft/types.ts';
import { realSurroundings } from './clock.ts';
import { LostError, PendingWork } from './pending-work.ts';

function entry(index: number, term: number): Entry {
  return { index: index as LogIndex, term: term as Term, kind: 'empty', data: new Uint8Array() };
}

t.test('PendingWork gives a result only to the proposal of the term that was applied', async (t) => {
  const pending = new PendingWork(realSurroundings);
  const ours = pending.expectResult(5 as LogIndex, 1 as Term);
  const theirs = pending.expectResult(6 as LogIndex, 1 as Term);
  const result = { kind: 'done', revision: 1 } as const;
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
    const pending = new PendingWork(realSurroundings);
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
