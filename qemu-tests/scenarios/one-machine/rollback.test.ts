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
import { longStory, recipe } from '../testing/stage.ts';

t.setTimeout(1_800_000);

const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => {
  if (t.passing()) rmSync(directory, { recursive: true, force: true });
  else t.comment(`disks and consoles are kept in ${directory}`);
});
const [subject] = await buildSubjects(recipe, directory);
if (subject === undefined) throw new Error(`${recipe} builds no image`);
const installed = await installUpdate(subject);

/** How often the machine was started until the old version was back. */
async function startsUntilBack(failure: string): Promise<number> {
  return (await runCell(subject!, failure, installed)).starts;
}

await t.test('a root with flipped bits: the old version is back after three tries', async (t) => {
  t.equal(await startsUntilBack('root-corrupted'), 4);
});

await t.test('a kernel that panics: the same', longStory, async (t) => {
  t.equal(await startsUntilBack('panic'), 4);
});
