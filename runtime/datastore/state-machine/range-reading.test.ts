import fc from 'fast-check';
import t from 'tap';
import { RangeReader } from './range-reading.ts';
import { firstId } from './revision-ids.ts';
import { openForWriting } from './tables.ts';

/** A reader over keys that were each written once, in the order given, one revision each. */
function readerOver(pairs: readonly (readonly [Uint8Array, Uint8Array])[]): RangeReader {
  const writer = openForWriting(':memory:');
  t.teardown(() => writer.close());
  const insert = writer.prepare('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?)');
  const point = writer.prepare('INSERT INTO current VALUES (?, ?, ?, ?, ?)');
  for (const [index, [key, value]] of pairs.entries()) {
    insert.run(firstId(index + 1), key, value, index + 1, 1, 0);
    point.run(key, firstId(index + 1), index + 1, 1, 0);
  }
  return new RangeReader(writer);
}

const everything = { key: new Uint8Array([0]), end: new Uint8Array([255, 255, 255]) };

t.test('RangeReader gives every byte of every key and value back, in the order of the keys', async () => {
  const bytes = (minLength: number) => fc.uint8Array({ minLength, maxLength: 20 });
  const entries = fc.uniqueArray(fc.tuple(bytes(1), bytes(0)), {
    maxLength: 40,
    selector: ([key]) => Buffer.from(key).toString('hex'),
  });
  fc.assert(
    fc.property(entries, fc.integer({ min: 1, max: 50 }), (pairs, most) => {
      const inRange = pairs.filter(([key]) => Buffer.compare(key, everything.end) < 0);
      const expected = inRange.toSorted(([a], [b]) => Buffer.compare(a, b)).slice(0, most);
      for (const revision of [null, pairs.length]) {
        const { items, next } = readerOver(pairs).read(everything, revision, most, false);
        const read = items.map(({ key, value }) => [Buffer.from(key), Buffer.from(value)]);
        const wanted = expected.map((pair) => pair.map((each) => Buffer.from(each)));
        if (JSON.stringify(read) !== JSON.stringify(wanted)) return false;
        if ((next === null) !== inRange.length <= most) return false;
      }
      return true;
    }),
    { numRuns: 50 },
  );
});

t.test('RangeReader makes pages of heavy values short, and goes on where one ended', async (t) => {
  const heavy = Buffer.alloc(200_000, 7);
  const reader = readerOver(['a', 'b', 'c', 'd', 'e'].map((key) => [Buffer.from(key), heavy]));
  const keys: string[] = [];
  const sizes: number[] = [];
  let { items, next } = reader.read(everything, null, 1000, false);
  for (;;) {
    keys.push(...items.map(({ key }) => Buffer.from(key).toString()));
    sizes.push(items.length);
    if (next === null) break;
    ({ items, next } = reader.read({ ...everything, key: next }, null, 1000, false));
  }
  t.same(keys, ['a', 'b', 'c', 'd', 'e']);
  t.ok(
    sizes.every((size) => size >= 1 && size <= 3),
    `pages of ${sizes}`,
  );
  t.equal(reader.read(everything, null, 1000, true).items.length, 5, 'without values they all fit');
});
