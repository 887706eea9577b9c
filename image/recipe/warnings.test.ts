import path from 'node:path';
import t from 'tap';
import { checkout } from '../checkout.ts';
import { readRecipe } from './parse.ts';
import { requireOperators, warnAbout } from './warnings.ts';

t.test('warnAbout names the published secret, so that nobody ships it unaware', async (t) => {
  const { recipe } = await readRecipe(path.join(checkout, 'recipes/cloud-x86_64.yaml'));
  t.match(warnAbout(recipe), [/everybody knows/]);
  const cluster = { ...recipe.cluster!, secret: 'one of my own, long enough' };
  t.same(warnAbout({ ...recipe, cluster }), []);
  const voucher = `v1.e30.${'A'.repeat(86)}.${'A'.repeat(43)}`;
  t.match(warnAbout({ ...recipe, cluster: { ...cluster, voucher } }), [/admits one machine/]);
  const update = { ...recipe.update, source: 'https://updates.example/edge' };
  t.match(warnAbout({ ...recipe, cluster, update }), [/fetches no updates by itself/]);
});

t.test('requireOperators refuses encrypted data that nobody could recover', async (t) => {
  const { recipe } = await readRecipe(path.join(checkout, 'recipes/cloud-x86_64.yaml'));
  const encrypted = { ...recipe, data: { ...recipe.data, encrypt: 'tpm2' as const } };
  for (const operators of [[], undefined])
    t.throws(() => requireOperators({ ...encrypted, operators }), {
      code: 'recipe',
      message: /data\.encrypt: the image has no operator/,
    });
  const operators = [{ name: 'ada', key: 'any' }];
  t.doesNotThrow(() => requireOperators({ ...encrypted, operators }));
  t.doesNotThrow(() => requireOperators({ ...recipe, operators: [] }));
});
