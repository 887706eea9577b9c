import t from 'tap';
import { regressions } from './regressions.ts';
import { runSeed } from './run-seed.ts';

t.setTimeout(300_000);

t.test('runSeed finds nothing wrong in a few seeds', async (t) => {
  t.setTimeout(120_000);
  for (let seed = 1; seed <= 20; seed++) {
    const { failure, acknowledged, faults } = await runSeed(seed, 16_000);
    t.equal(failure, null, `seed ${seed}: ${failure?.message}`);
    t.ok(acknowledged > 0, `seed ${seed} has done something`);
    t.ok(Object.keys(faults).length > 0, `seed ${seed} has had faults`);
  }
});

t.test('runSeed finds nothing wrong in the seeds that once found something', async (t) => {
  t.setTimeout(120_000);
  for (const { seed, steps, found } of regressions) {
    const { failure } = await runSeed(seed, steps);
    t.equal(failure, null, `seed ${seed}, which found: ${found}: ${failure?.message}`);
  }
});

t.test('runSeed gives the same trace for the same seed, and another one for another', async (t) => {
  t.setTimeout(120_000);
  const [one, again, other] = [await runSeed(7, 5_000), await runSeed(7, 5_000), await runSeed(8, 5_000)];
  t.same(again, one);
  t.not(other.traceHash, one.traceHash);
});
