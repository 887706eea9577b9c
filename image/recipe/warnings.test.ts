import path from 'node:path';
import t from 'tap';
import { checkout } from '../checkout.ts';
import { readRecipe } from './parse.ts';
import { warnAbout } from './warnings.ts';

t.test('warnAbout names the published secret, so that nobody ships it unaware', async (t) => {
  const { recipe } = await readRecipe(path.join(checkout, 'recipes/cloud-x86_64.yaml'));
  t.match(warnAbout(recipe), [/everybody knows/]);
  t.same(warnAbout({ ...recipe, cluster: { ...recipe.cluster, secret: 'one of my own, long enough' } }), []);
});
