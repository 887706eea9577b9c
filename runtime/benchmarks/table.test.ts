import t from 'tap';
import type { Row } from './bench.ts';
import { plotRatios } from './plot.ts';
import { median, percentile } from './statistics.ts';
import { formatTable, timesAsGood } from './table.ts';

const row = (better: Row['better'], trivet: number | null, etcd: number | null): Row => ({
  ...{ name: 'put <1>', unit: 'ms', better, trivet, etcd },
});

t.test('timesAsGood knows which way is better', async (t) => {
  t.equal(timesAsGood(row('higher', 300, 100)), 3);
  t.equal(timesAsGood(row('lower', 300, 100)), 1 / 3);
  t.equal(timesAsGood(row('lower', null, 100)), null);
  t.equal(timesAsGood(row('lower', 0, 100)), null);
});

t.test('formatTable says better and worse', async (t) => {
  const lines = formatTable([row('higher', 3_000, 1_000), row('lower', 3, 1), row('lower', 5, null)]).split(
    '\n',
  );
  t.match(lines[1], /3,000 +1,000 +ms +3\.00 +better$/);
  t.match(lines[2], /3\.00 +1\.00 +ms +3\.00 +worse$/);
  t.match(lines[3], /5\.00 +- +ms$/);
});

t.test('plotRatios draws a bar for each row that has both sides', async (t) => {
  const svg = plotRatios([row('higher', 200, 100), row('lower', 200, 100), row('lower', 1, null)], 'a & b');
  t.equal(svg.match(/class="better"/g)?.length, 1);
  t.equal(svg.match(/class="worse"/g)?.length, 1);
  t.match(svg, /put &lt;1>/);
  t.match(svg, /a &amp; b/);
});

t.test('percentiles are of the nearest rank', async (t) => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  t.same([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7], 0.99)], [50, 99, 7]);
  t.equal(median([9, 1, 5]), 5);
});
