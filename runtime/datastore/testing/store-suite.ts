/**
 * What every `Store` must do, whatever lies behind it. Written against a real etcd: where a store differs from etcd,
 * the store is wrong.
 */
import type { Test } from 'tap';
import type { Store } from '../store.ts';
import { testLeases } from './suite/leases.ts';
import { testLimits } from './suite/limits.ts';
import { testRanges } from './suite/ranges.ts';
import { makeSubject } from './suite/subject.ts';
import { testTransactions } from './suite/transactions.ts';
import { testUpkeep } from './suite/upkeep.ts';
import { testWatches } from './suite/watches.ts';

const parts = {
  ranges: testRanges,
  transactions: testTransactions,
  leases: testLeases,
  watches: testWatches,
  limits: testLimits,
  upkeep: testUpkeep,
};

/** Adds the suite's tests to `t`, one after the other. The store must be new, and nobody else may write to it. */
export function testStore(t: Test, store: Store): void {
  for (const [name, testPart] of Object.entries(parts)) {
    t.test(name, { timeout: 120_000 }, (t) => {
      testPart(t as Test, makeSubject(store, name));
      t.end();
    });
  }
}
