import t from 'tap';
import { seededRandom } from '../raft/testing/seeded-random.ts';
import { chooseFaults, describeFault } from './faults.ts';

t.test('chooseFaults chooses the same for the same seed, and every kind in the long run', async (t) => {
  const choose = (seed: number) => chooseFaults(seededRandom(seed), 5, 6_000);
  t.same(choose(7), choose(7));
  const kinds = new Set<string>();
  for (let seed = 0; seed < 100; seed += 1) {
    for (const scheduled of choose(seed)) {
      const { fault, atMilliseconds } = scheduled;
      kinds.add(fault.kind);
      t.ok(atMilliseconds < 6_000 && describeFault(scheduled).length > 0);
      if (fault.kind !== 'partition') continue;
      t.ok(fault.lost.every(([from, to]) => from !== to && Math.max(from, to) < 5));
    }
  }
  t.same([...kinds].sort(), ['fullDisk', 'kill', 'partition', 'pause', 'slow', 'stop']);
});
