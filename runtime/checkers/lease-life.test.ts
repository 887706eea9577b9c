import t from 'tap';
import { findLeaseFault, type LeaseRecord } from './lease-life.ts';

const lease: LeaseRecord = { id: 7, seconds: 10, confirmedAt: 5_000, prolongedAt: 5_000, goneAt: null };
const tolerance = { clockError: 0.1, slackMilliseconds: 2_000 };

t.test('findLeaseFault finds nothing in a lease that lived its time', async (t) => {
  t.equal(findLeaseFault({ ...lease, goneAt: 15_500 }, 60_000, tolerance), null);
  t.equal(findLeaseFault(lease, 15_000, tolerance), null, 'it still lives');
  t.equal(findLeaseFault({ ...lease, goneAt: 14_100 }, 60_000, tolerance), null, 'by a clock that goes fast');
  const again = { ...lease, prolongedAt: 40_000, goneAt: 51_000 };
  t.equal(findLeaseFault(again, 60_000, tolerance), null, 'a new leader gave it its time again');
});

t.test('findLeaseFault finds one that ended too early, and one that does not end', async (t) => {
  t.match(findLeaseFault({ ...lease, goneAt: 9_000 }, 60_000, tolerance), /lease 7 of 10 s ended 4000 ms/);
  t.match(findLeaseFault(lease, 60_000, tolerance), /still lives 55000 ms/);
});
