import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { BuildError } from '../build-error.ts';
import { checkout } from '../checkout.ts';
import { recipeJsonSchema } from './json-schema.ts';
import { parseRecipe, readRecipe } from './parse.ts';

const good = `name: edge
architecture: x86_64
target: cloud
cluster:
  name: lab
  secret: 0123456789abcdef
`;

/** What parsing says, a line a fault. */
function faults(text: string): string[] {
  try {
    parseRecipe(text, 'r.yaml');
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.message.split('\n').filter((line) => line.startsWith('r.yaml'));
  }
  return [];
}

t.test('parseRecipe fills in what a recipe leaves out', async (t) => {
  const { recipe, written } = parseRecipe(good, 'r.yaml');
  t.equal(recipe.cluster?.expect, 3);
  t.same(recipe.architecture, ['x86_64']);
  t.same(written.cluster, { name: 'lab', secret: '0123456789abcdef' }, 'what is written stays as it is');
});

t.test('parseRecipe accepts the recipes of this repository', async (t) => {
  const names = readdirSync(path.join(checkout, 'recipes')).filter((name) => name.endsWith('.yaml'));
  t.ok(names.length >= 5);
  for (const name of names) {
    const { recipe } = await readRecipe(path.join(checkout, 'recipes', name));
    t.equal(`${recipe.name}.yaml`, name);
  }
});

const cases: readonly (readonly [what: string, change: (text: string) => string, fault: string])[] = [
  [
    'an unknown field, and the one it resembles',
    (text) => `${text}packges: []\n`,
    'r.yaml, line 7: packges: there is no such field; did you mean "packages"?',
  ],
  [
    'an unknown field that resembles none',
    (text) => `${text}  colour: red\n`,
    'r.yaml, line 7: cluster.colour: there is no such field; known here: name, secret, token, voucher, expect, failureDomain, weight, certificateHours, enrolment',
  ],
  [
    'an unknown field of a list element',
    (text) => `${text}files:\n  - { path: /etc/a, contents: x, content: x }\n`,
    'r.yaml, line 8: files[0].contents: there is no such field; did you mean "content"?',
  ],
  [
    'a disk format that is none',
    (text) => `${text}formats: [qcow2, vdi]\n`,
    'r.yaml, line 7: formats[1]: must be "raw" or "qcow2" or "vmdk" or "vhd", not "vdi"',
  ],
  [
    'a wrong type',
    (text) => `${text}packages: chrony\n`,
    'r.yaml, line 7: packages: must be a list, not the text "chrony"',
  ],
  [
    'a number where text is wanted',
    (text) => `${text}version: 1.0\n`,
    'r.yaml, line 7: version: must be text (in quotes when it looks like a number), not the number 1',
  ],
  [
    'a bad architecture',
    (text) => text.replace('x86_64', 'arm32'),
    'r.yaml, line 2: architecture: must be "x86_64" or "arm64", not "arm32"',
  ],
  [
    'an architecture that the target does not have',
    (text) => text.replace('target: cloud', 'target: raspberry-pi'),
    'r.yaml, line 2: architecture: x86_64 is no architecture of the target raspberry-pi: it has arm64',
  ],
  [
    'a kind of encryption that is none',
    (text) => `${text}data: { encrypt: password }\n`,
    'r.yaml, line 7: data.encrypt: must be "tpm2", not "password"',
  ],
  [
    'encryption where there is no TPM',
    (text) =>
      `${text.replace('target: cloud', 'target: raspberry-pi').replace('x86_64', 'arm64')}data: { encrypt: tpm2 }\n`,
    'r.yaml, line 7: data.encrypt: the target raspberry-pi has no TPM that could keep the key',
  ],
  [
    'a missing field, at what should hold it',
    (text) => text.replace('  name: lab\n', ''),
    'r.yaml, line 4: cluster.name: is missing; it must be text (in quotes when it looks like a number)',
  ],
  [
    'a secret that is too short',
    (text) => text.replace('0123456789abcdef', 'short'),
    'r.yaml, line 6: cluster.secret: must be at least 16 characters: it is all that keeps strangers out (for example the output of: openssl rand -hex 16)',
  ],
  [
    'a number out of range',
    (text) => `${text}  expect: 9\n`,
    'r.yaml, line 7: cluster.expect: must be at most 7',
  ],
  [
    'a file on a file system of the device',
    (text) => `${text}files:\n  - path: /var/lib/x\n    content: x\n`,
    'r.yaml, line 8: files[0].path: lies where another file system is mounted on the device; nothing of the image shows there',
  ],
  [
    'a file with two contents',
    (text) => `${text}files:\n  - path: /etc/x\n    content: x\n    source: y\n`,
    'r.yaml, line 8: files[0]: needs either "content" or "source" (or "base64")',
  ],
  [
    'a size without a unit',
    (text) => `${text}sizes: { slot: "200" }\n`,
    'r.yaml, line 7: sizes.slot: must be a number of mebibytes or gibibytes, such as 192M or 1G',
  ],
];

for (const [what, change, fault] of cases) {
  t.test(`parseRecipe refuses ${what}`, async (t) => t.same(faults(change(good)), [fault]));
}

t.test('readRecipe goes over what a recipe extends: maps are merged, the rest replaced', async (t) => {
  const directory = t.testdir({
    sites: {
      'child.yaml':
        'extends: ../base.yaml\nname: child\ncluster: { secret: fedcba9876543210 }\npackages: [chrony]\n',
      'circle.yaml': 'extends: circle.yaml\n',
      'bad.yaml': 'extends: ../base.yaml\npackages: chrony\n',
    },
    'base.yaml': `${good}packages: [nano, less]\ncertificates: [ca/own.pem]\nfiles: [{ path: /etc/x, source: x.txt }]\n`,
  });
  const { recipe, written } = await readRecipe(path.join(directory, 'sites/child.yaml'));
  t.match(recipe, { name: 'child', target: 'cloud', packages: ['chrony'] });
  t.match(recipe.cluster, { name: 'lab', secret: 'fedcba9876543210' });
  t.same(recipe.certificates, ['../ca/own.pem'], 'paths are seen from the recipe that extends');
  t.equal(recipe.files[0]?.source, '../x.txt');
  t.match(written.cluster, { name: 'lab', secret: 'fedcba9876543210' });
  await t.rejects(readRecipe(path.join(directory, 'sites/circle.yaml')), {
    code: 'recipe',
    message: /in a circle: circle\.yaml -> circle\.yaml/,
  });
  await t.rejects(readRecipe(path.join(directory, 'sites/bad.yaml')), {
    message: /bad\.yaml, line 2: packages: must be a list/,
  });
});

t.test('recipes/recipe.schema.json is what `trivet recipe schema` prints', async (t) => {
  t.equal(readFileSync(path.join(checkout, 'recipes/recipe.schema.json'), 'utf8'), recipeJsonSchema());
});

t.test('parseRecipe says all faults at once, in the order of their lines', async (t) => {
  const found = faults(`${good.replace('x86_64', 'vax').replace('lab', 'Lab_1')}extra: 1\n`);
  t.same(
    found.map((line) => line.split(':')[0]),
    ['r.yaml, line 2', 'r.yaml, line 5', 'r.yaml, line 7'],
  );
});

t.test('parseRecipe refuses what is not YAML, and what is no map', async (t) => {
  t.match(faults('name: [a\n')[0], /^r\.yaml, line \d: this is not YAML: /);
  t.same(faults(''), ['r.yaml, line 1: a recipe is a map of fields, such as "name: edge"']);
  t.match(faults('name: a\nname: b\n')[0], /^r\.yaml, line 2: this is not YAML: Map keys must be unique/);
});
