import t from 'tap';
import { findWatchFault, type SeenChange, type WatchRecord } from './watch-stream.ts';

const change = (revision: number, key = 'k', value = `v${revision}`): SeenChange => ({
  revision,
  key,
  type: 'put',
  value,
});
const history = [change(2), change(3, 'a'), change(3, 'b'), change(4), change(5)];

function record(changes: readonly SeenChange[], more: Partial<WatchRecord> = {}): WatchRecord {
  return { name: 'w', from: 1, changes, through: 5, compacted: [], ...more };
}

t.test('findWatchFault finds nothing in a stream that tells all that happened', async (t) => {
  t.equal(findWatchFault(record(history), history), null);
  t.equal(
    findWatchFault(record(history.slice(0, 3), { through: 3 }), history),
    null,
    'one that ended earlier',
  );
  t.equal(findWatchFault(record(history.slice(3), { from: 4 }), history), null, 'one that began later');
  const gap = [{ from: 2, through: 3 }];
  t.equal(findWatchFault(record(history.slice(3), { compacted: gap }), history), null, 'what was compacted');
  t.equal(findWatchFault(record(history, { compacted: gap }), history), null, 'compacted after it was told');
});

t.test('findWatchFault finds a gap, a repetition, a wrong order, and what never happened', async (t) => {
  const faults: Record<string, SeenChange[]> = {
    'one left out': history.toSpliced(1, 1),
    'the last left out': history.slice(0, -1),
    'one told twice': [...history.slice(0, 2), ...history.slice(1)],
    'two exchanged': [history[0]!, history[2]!, history[1]!, ...history.slice(3)],
    'another value': history.with(3, change(4, 'k', 'other')),
    'a deletion instead': history.with(3, { ...change(4), type: 'delete' }),
    'one too many': [...history, change(5, 'z')],
    'started over': [...history, ...history],
  };
  for (const [name, changes] of Object.entries(faults)) t.ok(findWatchFault(record(changes), history), name);
});
