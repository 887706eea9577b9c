/** The power goes under load, again and again: what was acknowledged is there. More of it: `npm run powercut`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { seededRandom } from '../../../runtime/raft/testing/seeded-random.ts';
import { Chain } from '../../powercut/chain.ts';
import { buildSingleImage } from '../../powercut/image.ts';
import { describeCut } from '../../powercut/run.ts';

t.setTimeout(1_800_000);

const cuts = 2;
const image = await buildSingleImage();
const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => {
  if (t.passing()) rmSync(directory, { recursive: true, force: true });
  else t.comment(`files kept in ${directory}`);
});

t.test('acknowledged writes survive power cuts', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const chain = new Chain({ name: 'honest', directory, image, random: seededRandom(seed) });
  for (let done = 1; done <= cuts; done += 1) t.comment(describeCut(await chain.cutOnce(), done, cuts));
  await chain.checkLast();
  chain.close();
});

t.test('a disk that lies about flushes is found out', async (t) => {
  const options = { directory, image, random: seededRandom(1), liesAboutFlushes: true };
  const chain = new Chain({ name: 'liar', ...options });
  const { acknowledged } = await chain.cutOnce();
  t.ok(acknowledged > 0, 'writes were acknowledged that the disk then forgot');
  await t.rejects(chain.checkLast(), { name: 'LossError', message: /was acknowledged/ }, 'the loss is seen');
});
