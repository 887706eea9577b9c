import t from 'tap';
import { compare, nothingExpected, Record } from './expectation.ts';
import { counterOf, textOf } from './values.ts';

/** Found at 10 with a=1; a=5 acknowledged at 30, a=6 tried at 35 and never acknowledged, b=7 tried at 50. */
function exampleRecord(): Record {
  const record = new Record({ identity: 'me', allowed: new Map([['a', [1, 2]]]) });
  record.found('me', new Map([['a', 1]]), 10);
  record.tried('a', 5, 20);
  record.acknowledged('a', 5, 30);
  record.tried('a', 6, 35);
  record.tried('b', 7, 50);
  return record;
}

t.test('Record expects what was acknowledged before the cut, and allows what was tried since', async (t) => {
  const record = exampleRecord();
  const allowedAt = (at: number) => Object.fromEntries(record.expectAfter(at).allowed);
  t.same(allowedAt(9), { a: [1, 2] }, 'before the node had answered: what was expected before');
  t.same(allowedAt(25), { a: [1, 5], b: [0] });
  t.same(allowedAt(32), { a: [5], b: [0] });
  t.same(allowedAt(60), { a: [5, 6], b: [0, 7] });
  t.equal(record.acknowledgedBefore(29), 0);
  t.equal(record.acknowledgedBefore(30), 1);
});

t.test('compare finds lost, older and invented writes and another identity', async (t) => {
  const expected = exampleRecord().expectAfter(60);
  t.same(compare(expected, 'me', new Map([['a', 6]])), []);
  t.same(
    compare(
      expected,
      'me',
      new Map([
        ['a', 5],
        ['b', 7],
      ]),
    ),
    [],
  );
  t.match(compare(expected, 'me', new Map([['a', 1]])), [/a holds 1: 5 was acknowledged, 6 were tried/]);
  t.match(compare(expected, 'me', new Map()), [/a holds nothing: 5 was acknowledged/]);
  t.match(
    compare(
      expected,
      'me',
      new Map([
        ['a', 5],
        ['c', 8],
      ]),
    ),
    [/c is there and nobody wrote it/],
  );
  t.match(compare(expected, 'me', new Map([['a', Number.NaN]])), [/a holds something that nobody wrote/]);
  t.match(compare(expected, 'you', new Map([['a', 5]])), [/came back as you, it was me/]);
  t.same(compare(nothingExpected, 'anybody', new Map()), []);
});

t.test('counterOf knows a value that is whole, of that key', async (t) => {
  const text = textOf('a', 12);
  t.equal(counterOf('a', text), 12);
  t.equal(counterOf('b', text), null);
  t.equal(counterOf('a', text.slice(0, -1)), null);
  t.equal(counterOf('a', ''), null);
});
