import t from 'tap';
import { failures, installFailures } from './failures.ts';
import { type CellOutcome, formatTable } from './table.ts';

const titles = new Map([
  ['good', 'nothing wrong: stays'],
  ['panic', 'kernel panic'],
  ['silent-hang', 'hang without output'],
]);
const cell = (subject: string, failure: string, ok: boolean, seconds: number): CellOutcome => ({
  ...{ subject, failure, ok, seconds, remark: '' },
});

t.test(
  'formatTable has a column for each image and a row for each failure, in the order of the titles',
  async (t) => {
    const table = formatTable(
      [
        cell('cloud-x86_64', 'panic', true, 99.6),
        cell('pi', 'panic', false, 1800),
        cell('pi', 'good', true, 7),
      ],
      titles,
    );
    t.equal(
      table,
      [
        '                      cloud-x86_64  pi',
        'nothing wrong: stays  -             ok 7 s',
        'kernel panic          ok 100 s      FAILED 1800 s',
        '',
      ].join('\n'),
    );
  },
);

t.test('formatTable leaves out failures that were not tried', async (t) => {
  t.notMatch(formatTable([cell('pi', 'panic', true, 1)], titles), 'hang without output');
});

t.test('every failure has a name and a title of its own', async (t) => {
  const all = [...failures, ...installFailures];
  t.equal(new Set(all.map(({ name }) => name)).size, all.length);
  t.equal(new Set(all.map(({ title }) => title)).size, all.length);
});
