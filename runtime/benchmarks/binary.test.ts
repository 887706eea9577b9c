import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import type { CostRow } from './program-cost.ts';
import { formatCostMarkdown, formatCostTable } from './program-table.ts';

const rows: CostRow[] = [
  { name: 'size', unit: 'MB', static: 112.25, dynamic: 131 },
  { name: '`trivet status`', unit: 'ms', static: 30, dynamic: 20 },
];

t.test('formatCostTable aligns numbers and gives the ratio of static to plain', async (t) => {
  t.same(formatCostTable(rows).split('\n'), [
    '                 static  plain Node       static / plain',
    'size              112.3       131.0  MB             0.86',
    '`trivet status`    30.0        20.0  ms             1.50',
  ]);
});

t.test('formatCostMarkdown gives a table whose columns line up', async (t) => {
  const lines = formatCostMarkdown(rows).split('\n');
  t.same(new Set(lines.map((line) => line.length)).size, 1);
  t.match(lines[1], /^\| -+ \| -+ \| -+ \| -+ \| -+ \|$/);
  t.match(lines[3], /^\| `trivet status` \| 30\.0 +\| 20\.0 +\| ms +\| 1\.50 +\|$/);
});

t.test('bench:binary explains itself and what it does not know', async (t) => {
  const run = (word: string) =>
    spawnSync(process.execPath, [path.join(import.meta.dirname, 'binary.ts'), word], { encoding: 'utf8' });
  const asked = run('--help');
  t.equal(asked.status, 0);
  t.match(asked.stdout, /--markdown/);
  const wrong = run('--fast');
  t.equal(wrong.status, 2);
  t.match(wrong.stderr, /bench:binary: .*--fast/);
});
