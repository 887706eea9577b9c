/** The figures are those that upstream's own test expects (schema/cel/compilation_test.go, TestCostEstimation). */
import t from 'tap';
import type { Schema } from '../schema/schema.ts';
import { costOfRule } from './rule-cost.ts';

type Make = (most: number | undefined) => Schema;

const formats = ['duration', 'date', 'date-time', 'byte'];

function plain(name: string): Schema {
  if (name === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
  return formats.includes(name) ? { type: 'string', format: name } : { type: name };
}

function bound(key: string, most: number | undefined): Partial<Schema> {
  return most === undefined ? {} : { [key]: most };
}

const text: Make = (most) => ({ type: 'string', ...bound('maxLength', most) });
const listOf =
  (items: Schema | Make): Make =>
  (most) => ({
    type: 'array',
    items: typeof items === 'function' ? items(most) : items,
    ...bound('maxItems', most),
  });
const mapOf =
  (values: Schema | Make): Make =>
  (most) => ({
    type: 'object',
    additionalProperties: typeof values === 'function' ? values(most) : values,
    ...bound('maxProperties', most),
  });
const objectOf = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  ...{ type: 'object', properties, required },
});

const all = 'self.all(x, true)';

const cases: readonly (readonly [
  rule: string,
  make: Make,
  free: number | null,
  most: number,
  bounded: number,
])[] = [
  [all, listOf(plain('number')), 4718591, 10, 32],
  [all, listOf(plain('string')), 3145727, 20, 62],
  [all, listOf(plain('boolean')), 1887437, 5, 17],
  [all, listOf(listOf(plain('number'))), 3145727, 100, 302],
  [all, mapOf(plain('number')), 1348169, 10, 32],
  ['has(self.x)', mapOf(plain('number')), 0, 100, 0],
  [all, mapOf(plain('string')), 1179647, 3, 11],
  [all, mapOf(plain('boolean')), 943718, 100, 302],
  ["self.contains('test')", text, 314574, 10, 5],
  ["self.startsWith('test')", text, 2, 15, 2],
  ["self.endsWith('test')", text, 2, 30, 2],
  ['size(self + "hello") > size("hello")', text, 314578, 4, 7],
  ['self[1] == 0.0', listOf(plain('number')), 2, 5000, 2],
  ['self[1] == self[1]', listOf(plain('string')), 314577, 8, 314577],
  ['self.all(x, self.all(y, true))', listOf(plain('number')), null, 10, 352],
  ['self.all(x, self.all(y, self.all(z, true)))', listOf(plain('number')), null, 10, 3552],
  ['self.matches("x")', text, 314574, 50, 22],
  ['"".matches("(((((((((())))))))))[0-9]")', text, 7, 10, 7],
  ['self.matches("")', text, 1, 100, 1],
  ['self.all(x, x.contains(self[x]))', mapOf(text), 2752507, 10, 72],
  ['self[3] == 0.0', listOf(plain('number')), 2, 0, 2],
  ['self["x"] == 0.0', mapOf(plain('number')), 2, 0, 2],
  ['self == "x"', text, 2, 0, 1],
  ['self == b"x"', (most) => ({ ...plain('byte'), ...bound('maxLength', most) }), 2, 0, 1],
  ['self.all(x, x == 0.0)', listOf(plain('number')), 6291454, 3 * 1024 * 2048, 25165826],
  [all, listOf(plain('int-or-string')), 4718591, 10, 32],
  ['self[0] == 5', listOf(plain('int-or-string')), 3, 10, 3],
  ['self[0] == false', listOf(plain('boolean')), 2, 25, 2],
  ['self[0][0] == -1.0', listOf(listOf(plain('number'))), 3, 51, 3],
  ['self.all(x, x.y == 25.2)', listOf(mapOf(plain('number'))), 6291452, 12, 74],
  ['self[0].x > 2.0', listOf(mapOf(plain('number'))), 4, 3000, 4],
  [all, listOf(plain('duration')), 2359295, 5, 17],
  ['self[0].getHours() == 2', listOf(plain('duration')), 4, 525, 4],
  [all, listOf(plain('date')), 725936, 15, 47],
  ['self[2].getDayOfMonth() == 13', listOf(plain('date')), 4, 42, 4],
  [all, listOf(plain('date-time')), 428963, 25, 77],
  [all, mapOf(plain('int-or-string')), 1348169, 15, 47],
  [all, mapOf(mapOf(plain('number'))), 1179647, 10, 32],
  [all, mapOf(listOf(plain('number'))), 1179647, 25, 77],
  [all, mapOf(plain('duration')), 1048577, 5, 17],
  [all, mapOf(plain('date')), 524288, 10, 32],
  [all, mapOf(plain('date-time')), 349526, 25, 77],
  ["self.find('[0-9]+') == ''", text, 629147, 10, 11],
  ["self.join(' ') == 'aa bb'", listOf(text), 329853068905, 10, 43],
  ['self.isSorted() == true', listOf(text), 329854432052, 10, 52],
  [
    "self.str.replace(self.before, self.after) == 'does not matter'",
    (most) =>
      objectOf({
        str: text(most),
        before: { type: 'string', maxLength: 2 },
        after: { type: 'string', maxLength: 4 },
      }),
    ...([629154, 4, 12] as const),
  ],
  [
    'self.str.split(self.separator) == []',
    (most) => objectOf({ str: text(most), separator: text(most) }),
    ...([629160, 10, 22] as const),
  ],
  ["self.lowerAscii() == 'lower!'", text, 314575, 10, 6],
  ['oldSelf.size() == self.size()', mapOf(plain('integer')), 5, 10, 5],
  ['self["a"] == self["b"]', mapOf(plain('date-time')), 8, 7, 8],
  ['self["c"] == self["d"]', mapOf(plain('duration')), 8, 42, 8],
  [
    "self.contains('A')",
    (most) => ({ ...text(most), enum: ['A', 'B', 'C', 'LongValue'] }),
    ...([2, 1000, 401] as const),
  ],
];

t.test('a rule is thought to cost what the real server thinks it costs', async (t) => {
  for (const [rule, make, free, most, bounded] of cases) {
    const cost = costOfRule({ rule }, make(undefined), false);
    if (free === null) t.ok(cost.rule > 10_000_000, `${rule} without a bound`);
    else t.equal(cost.rule, free, `${rule} without a bound`);
    t.equal(costOfRule({ rule }, make(most), false).rule, bounded, `${rule} of ${most}`);
  }
});
