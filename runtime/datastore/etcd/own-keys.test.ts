import fc from 'fast-check';
import t from 'tap';
import { everyKeyEnd, type KeyRange, type Operation } from '../state-machine/model.ts';
import { hideOwnKeys, hideOwnKeysInTransaction, isEmptyRange } from './own-keys.ts';

const keys = fc.uint8Array({ minLength: 1, maxLength: 3, max: 3 });
const ranges: fc.Arbitrary<KeyRange> = fc.record({ key: keys, end: fc.option(keys, { nil: undefined }) });

function holds(range: KeyRange, key: Uint8Array): boolean {
  if (range.end === undefined) return Buffer.compare(range.key, key) === 0;
  return Buffer.compare(range.key, key) <= 0 && Buffer.compare(key, range.end) < 0;
}

t.test('hideOwnKeys keeps every other key, and none that begins with a zero byte', async () => {
  fc.assert(
    fc.property(ranges, keys, (range, key) => {
      const expected = key[0] !== 0 && holds(range, key);
      return holds(hideOwnKeys(range), key) === expected;
    }),
    { numRuns: 20_000 },
  );
});

t.test('hideOwnKeys on the ranges that clients use', async (t) => {
  const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
  t.same(hideOwnKeys({ key: key(0), end: everyKeyEnd }), { key: key(1), end: everyKeyEnd }, 'every key');
  t.ok(isEmptyRange(hideOwnKeys({ key: key(0) })), 'one key of ours');
  t.ok(isEmptyRange(hideOwnKeys({ key: key(0, 5), end: key(0, 9) })), 'a range among ours');
  t.ok(isEmptyRange(hideOwnKeys({ key: key(0, 5), end: key(1) })), 'all of ours');
  const own = { key: key(1), end: key(2) };
  t.equal(hideOwnKeys(own), own, 'what holds none of ours is not touched');
});

t.test('hideOwnKeysInTransaction reaches every depth', async (t) => {
  const zero = Uint8Array.of(0, 7);
  const inside = (operation: Operation): Operation => ({
    operation: 'transaction',
    compare: [{ key: zero, target: 'version', is: 0 }],
    success: [],
    failure: [{ operation: 'transaction', compare: [], success: [operation], failure: [] }],
  });
  const hidden = hideOwnKeysInTransaction({
    compare: [{ key: zero, target: 'version', relation: 'greater', is: 0 }],
    success: [inside({ operation: 'delete', key: zero, end: everyKeyEnd, previous: true })],
    failure: [inside({ operation: 'range', key: zero })],
  });
  const found = JSON.stringify(hidden, (_, value) =>
    value instanceof Uint8Array ? [...value.slice(0, 3)] : value,
  );
  t.notMatch(found, /\[0,7\]/);
  t.match(found, /"previous":true/);
  t.match(found, /"relation":"greater"/);
  const put: Operation = { operation: 'put', key: zero, value: zero };
  for (const transaction of [
    { compare: [], success: [put], failure: [] },
    { compare: [], success: [], failure: [put] },
    { compare: [], success: [inside(put)], failure: [] },
  ]) {
    t.throws(() => hideOwnKeysInTransaction(transaction), /begin with a zero byte/);
  }
});
