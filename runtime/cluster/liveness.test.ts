import t from 'tap';
import type { LogIndex, NodeId, RaftStatus } from '../raft/types.ts';
import { Liveness } from './liveness.ts';
import { type Report, ReportBook } from './reports.ts';

const [self, voter, spare] = ['a', 'b', 'c'] as NodeId[] as [NodeId, NodeId, NodeId];
const report = { name: 'c', version: '1', port: 1, appliedIndex: 0 } as Report;

function statusWith(silentTicks: number, match = 5): RaftStatus {
  const progress = { id: voter, match: match as LogIndex, next: 6 as LogIndex, silentTicks };
  return { id: self, progress: [{ ...progress, state: 'replicate' }] } as unknown as RaftStatus;
}

function make(unreachable: number | null = null): { liveness: Liveness; book: ReportBook } {
  const book = new ReportBook();
  const times = { tickMilliseconds: 100, electionMilliseconds: () => 1000 };
  const liveness = new Liveness({ self, ...times, unreachableMilliseconds: () => unreachable }, book);
  return { liveness, book };
}

t.test('Liveness takes a replica for lost after the silence of two election timeouts', async (t) => {
  const { liveness } = make();
  t.notOk(liveness.isLost(voter, statusWith(19), 0));
  t.ok(liveness.isLost(voter, statusWith(20), 0));
});

t.test('Liveness takes a replica that refuses connections for lost after one', async (t) => {
  t.ok(make(1000).liveness.isLost(voter, statusWith(10), 0));
  t.notOk(make(1000).liveness.isLost(voter, statusWith(9), 0), 'it still speaks');
  t.notOk(make(500).liveness.isLost(voter, statusWith(10), 0), 'the connection broke just now');
  t.ok(make(1000).liveness.isLost(voter, statusWith(0, 0), 0), 'nor did it speak to this leader');
});

t.test('Liveness does not call a spare lost before it had time to report', async (t) => {
  const { liveness, book } = make();
  liveness.update([spare], statusWith(0), 0);
  t.notOk(liveness.isLost(spare, statusWith(0), 2_000));
  t.notOk(liveness.isOnline(spare, statusWith(0), 2_000), 'but it has not been heard of');
  t.ok(liveness.isLost(spare, statusWith(0), 3_000));
  book.receive(spare, report, 'host:1', 3_500);
  t.notOk(liveness.isLost(spare, statusWith(0), 6_000));
  t.ok(liveness.isOnline(spare, statusWith(0), 6_000));
});

t.test('Liveness calls a node steady that has been online for ten seconds', async (t) => {
  const { liveness } = make();
  liveness.update([voter], statusWith(0), 0);
  t.notOk(liveness.isSteady(voter, 9_999));
  t.ok(liveness.isSteady(voter, 10_000));
  liveness.update([voter], statusWith(20), 10_000);
  t.notOk(liveness.isSteady(voter, 10_001), 'it went away');
});
