/**
 * A version that cannot start gives way to the old one, by itself, after three tries. The quick part of
 * `npm run test:rollback`, which has every recipe and every failure.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { runCell } from '../../rollback/cell.ts';
import { buildSubjects, installUpdate } from '../../rollback/subject.ts';
import { recipe } from '../testing/stage.ts';

t.setTimeout(1_800_000);

const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => {
  if (t.passing()) rmSync(directory, { recursive: true, force: true });
  else t.comment(`disks and consoles are kept in ${directory}`);
});
const [subject] = await buildSubjects(recipe, directory);
if (subject === undefined) throw new Error(`${recipe} builds no image`);
const installed = await installUpdate(subject);

await t.test('a kernel panic, and a root with flipped bits: the old version is back', async (t) => {
  // Each waits ten seconds for its restart: both machines at once.
  const results = await Promise.all(
    ['panic', 'root-corrupted'].map((failure) => runCell(subject, failure, installed)),
  );
  t.same(
    results.map(({ starts }) => starts),
    [4, 4],
    'each after three tries of the new version',
  );
});
