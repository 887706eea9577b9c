import path from 'node:path';
import t from 'tap';
import { planImage } from '../plan/plan.ts';
import { parseRecipe } from './parse.ts';
import { formatResolvedRecipe, resolveRecipe } from './resolve.ts';

const text = `name: edge
architecture: x86_64
target: cloud
keys: my-keys
cluster: { name: lab, secret: 0123456789abcdef }
files:
  - { path: /etc/a, source: a.txt, mode: "0600" }
  - { path: /etc/b, source: b.bin }
`;

t.test(
  'resolveRecipe takes the files into the recipe, which then gives the same plan anywhere',
  async (t) => {
    const directory = t.testdir({ 'a.txt': 'text\n', 'b.bin': Buffer.from([0xff, 0, 0xfe]) });
    const resolved = await resolveRecipe(parseRecipe(text, 'r.yaml'), path.join(directory, 'r.yaml'));
    t.match(resolved.recipe.files, [
      { path: '/etc/a', content: 'text\n', mode: '0600' },
      { path: '/etc/b', base64: '/wD+' },
    ]);
    const written = formatResolvedRecipe(resolved, planImage(resolved, '1.0'));
    t.notMatch(written, 'my-keys');
    const again = await resolveRecipe(parseRecipe(written, 'elsewhere.yaml'), '/nonexistent/elsewhere.yaml');
    const plan = planImage({ ...resolved, recipe: { ...resolved.recipe, version: '1.0' } }, '9');
    t.same(planImage(again, '9'), plan);
  },
);

t.test('resolveRecipe names a source that cannot be read', async (t) => {
  await t.rejects(resolveRecipe(parseRecipe(text, 'r.yaml'), '/nonexistent/r.yaml'), {
    code: 'recipe',
    message: /files: the source of \/etc\/a cannot be read: \/nonexistent\/a\.txt/,
  });
});
