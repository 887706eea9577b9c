import t from 'tap';
import { Network } from '../raft/testing/network.ts';
import type { LogIndex, SnapshotMeta } from '../raft/types.ts';
import type { LogStorage } from './log/log-storage.ts';
import { type CompactionBounds, LogCompaction } from './log-compaction.ts';

/** A leader alone, whose applied entries are considered for compaction; `checkpoints` says how each one ends. */
function makeLeader(bounds: CompactionBounds, checkpoints: () => boolean = () => true) {
  const network = new Network('a');
  network.elect('a');
  network.settle();
  const seen = { bases: [] as number[], checkpoints: 0 };
  const compact = async (base: SnapshotMeta): Promise<void> => void seen.bases.push(base.index);
  const checkpoint = async (): Promise<boolean> => {
    seen.checkpoints += 1;
    return checkpoints();
  };
  const compaction = new LogCompaction({
    raft: () => network.raft('a'),
    log: { compact } as unknown as LogStorage,
    checkpoint,
    bounds,
    onFailed: (error) => t.fail(String(error)),
  });
  const write = async (count: number, bytes: number): Promise<void> => {
    for (let number = 0; number < count; number++) {
      network.raft('a').propose(new Uint8Array(bytes));
      network.node('a').takeAll();
      network.settle();
      compaction.consider(network.node('a').appliedIndex as LogIndex);
      await compaction.settled();
    }
  };
  return { raft: network.raft('a'), write, seen };
}

t.test('LogCompaction keeps the number of entries within its bound', async (t) => {
  const { raft, write, seen } = makeLeader({ keepEntries: 10, compactEvery: 20, keepBytes: 1e9 });
  await write(200, 10);
  const { lastIndex, firstIndex } = raft.status();
  t.ok(lastIndex - firstIndex <= 30, `${lastIndex - firstIndex}`);
  t.ok(seen.checkpoints <= 10, 'not at every entry');
  t.same(
    seen.bases,
    [...seen.bases].sort((one, other) => one - other),
  );
});

t.test('LogCompaction keeps the weight of the entries within its bound, whatever their number', async (t) => {
  const { raft, write, seen } = makeLeader({ keepEntries: 5_000, compactEvery: 10_000, keepBytes: 100_000 });
  await write(100, 10_000);
  t.ok(raft.status().logBytes <= 111_000, `${raft.status().logBytes}`);
  t.ok(raft.status().logBytes >= 40_000, 'what a node that was away for a moment needs is kept');
  t.ok(seen.checkpoints < 40, `${seen.checkpoints}`);
});

t.test('LogCompaction does not repeat at every entry what gained nothing', async (t) => {
  const bounds = { keepEntries: 5_000, compactEvery: 10_000, keepBytes: 100_000 };
  const { raft, write, seen } = makeLeader(bounds, () => false);
  await write(100, 10_000);
  t.same(seen.bases, []);
  t.equal(raft.status().firstIndex, 1);
  t.ok(seen.checkpoints > 10 && seen.checkpoints < 50, `${seen.checkpoints}`);
});
