import t from 'tap';
import { checkFinalState, checkHistory, checkWatches, type Operation, type WatchEvent } from './history.ts';
import { judgeBySearch } from './judge-by-search.ts';

let count = 0;

function write(value: string, revision: number | null, start: number, end: number): Operation {
  const outcome = revision === null ? 'unknown' : 'ok';
  return {
    ...{ process: `p${++count}`, operation: 'write', key: 'k', value, start, end, outcome },
    ...{ revision, storeRevision: revision },
  };
}

function read(
  value: string | null,
  revision: number,
  start: number,
  end: number,
  store = revision,
): Operation {
  return {
    ...{ process: `p${++count}`, operation: 'read', key: 'k', value, start, end, outcome: 'ok' },
    ...{ revision, storeRevision: store },
  };
}

const good: [string, Operation[]][] = [
  ['one after the other', [write('a', 1, 0, 1), read('a', 1, 2, 3), write('b', 2, 4, 5), read('b', 2, 6, 7)]],
  [
    'a read beside a write that sees the old value',
    [write('a', 1, 0, 1), write('b', 2, 2, 9), read('a', 1, 3, 4)],
  ],
  [
    'a read beside a write that sees the new one',
    [write('a', 1, 0, 1), write('b', 2, 2, 9), read('b', 2, 3, 4)],
  ],
  ['two writes at once in any order', [write('a', 2, 0, 9), write('b', 1, 0, 9), read('a', 2, 10, 11)]],
  ['a write without an answer that happened', [write('a', null, 0, 5), read('a', 1, 20, 21)]],
  [
    'a write without an answer that happened late',
    [write('a', null, 0, 5), write('b', 1, 6, 7), read('b', 1, 8, 9), read('a', 2, 10, 11)],
  ],
  ['a read of nothing first', [read(null, 0, 0, 1), write('a', 1, 2, 3)]],
];

const bad: [string, RegExp, Operation[]][] = [
  [
    'a stale read',
    /has revision 1, and before it began/,
    [write('a', 1, 0, 1), write('b', 2, 2, 3), read('a', 1, 4, 5)],
  ],
  ['a lost write', /has revision 0, and before it began/, [write('a', 1, 0, 1), read(null, 0, 2, 3)]],
  [
    'two reads that disagree about the order',
    /has revision 1, and before it began/,
    [write('a', 1, 0, 99), write('b', 2, 0, 99), read('b', 2, 10, 11), read('a', 1, 12, 13)],
  ],
  [
    'a write that comes to nothing after it was seen',
    /has revision 1, and before it began/,
    [write('a', 1, 0, 1), write('b', null, 2, 3), read('b', 2, 4, 5), read('a', 1, 6, 7)],
  ],
  [
    'a write ordered before one that had ended',
    /has revision 1, and before it began/,
    [write('a', 2, 0, 1), write('b', 1, 2, 3)],
  ],
  [
    'one revision for two writes',
    /revision 1 was given to a too/,
    [write('a', 1, 0, 9), write('b', 1, 0, 9)],
  ],
  ['a value from nowhere', /nobody wrote that/, [read('x', 1, 0, 1)]],
  ['a value from the future', /written only later/, [read('a', 1, 0, 1), write('a', 1, 5, 6)]],
  [
    'a store that goes back',
    /revision of the store 3, and before it began/,
    [read(null, 0, 0, 1, 4), read(null, 0, 2, 3, 3)],
  ],
];

for (const [name, operations] of good) {
  t.test(`checkHistory accepts ${name}`, async (t) => {
    t.same(checkHistory(operations), []);
    t.equal(judgeBySearch(operations), null, 'and so does the search');
  });
}
for (const [name, pattern, operations] of bad) {
  t.test(`checkHistory finds ${name}`, async (t) => t.match(checkHistory(operations).join('; '), pattern));
}

t.test('judgeBySearch finds a stale read without revisions', async (t) => {
  const stale = [write('a', 1, 0, 1), write('b', 2, 2, 3), read('a', 1, 4, 5)];
  t.match(judgeBySearch(stale), /no order explains what was seen of k/);
});

t.test('checkFinalState finds acknowledged writes that are gone or older', async (t) => {
  const operations = [write('a', 1, 0, 1), write('b', 2, 2, 3), write('c', null, 4, 5)];
  t.same(checkFinalState(operations, new Map([['k', { value: 'b', revision: 2 }]])), []);
  t.same(checkFinalState(operations, new Map([['k', { value: 'c', revision: 3 }]])), []);
  t.match(checkFinalState(operations, new Map([['k', { value: 'a', revision: 1 }]])), [
    /b to k .* back at revision 1/,
  ]);
  t.equal(checkFinalState(operations, new Map()).length, 2);
});

t.test('checkWatches finds gaps, repetitions, disorder, disagreement and lost writes', async (t) => {
  const event = (revision: number, value = `v${revision}`): WatchEvent => ({ key: 'k', value, revision });
  const whole = [event(1), event(2), event(3)];
  const check = (other: WatchEvent[], operations: Operation[] = []): string =>
    checkWatches(
      new Map([
        ['w1', whole],
        ['w2', other],
      ]),
      operations,
    ).join('; ');
  t.equal(check(whole, [write('v2', 2, 0, 1)]), '');
  t.match(check([event(1), event(3)]), /w2 did not see the revisions 2/);
  t.match(check([event(1), event(2)]), /w2 did not see the revisions 3/);
  t.match(check([event(1), event(2), event(2), event(3)]), /w2 saw revision 2 of k twice/);
  t.match(check([event(1), event(3), event(2)]), /w2 saw revision 2 after 3/);
  t.match(check([event(1), event(2, 'x'), event(3)]), /saw revision 2 as k/);
  t.match(check(whole, [write('v9', 9, 0, 1)]), /acknowledged, and no watch saw it/);
});

t.test('checkWatches knows that one transaction changes several keys', async (t) => {
  const event = (key: string): WatchEvent => ({ key, value: `v-${key}`, revision: 1 });
  const check = (...streams: string[][]): string =>
    checkWatches(new Map(streams.map((keys, i) => [`w${i}`, keys.map(event)])), []).join('; ');
  t.equal(check(['a', 'b'], ['a', 'b']), '');
  t.match(check(['a', 'b'], ['a']), /saw revision 1 as/, 'half of it is not it');
  t.match(check(['a', 'b'], ['b', 'a']), /saw revision 1 as/, 'nor is another order');
  t.match(check(['a', 'b', 'a'], ['a', 'b']), /saw revision 1 of a twice/);
});
