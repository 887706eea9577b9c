import { readFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { BuildError } from '../build-error.ts';
import { checkout } from '../checkout.ts';
import { parseRecipe } from './parse.ts';

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
  t.equal(recipe.cluster.expect, 3);
  t.same(recipe.sizes, { esp: 96 * 2 ** 20, slot: 192 * 2 ** 20 });
  t.same(written.cluster, { name: 'lab', secret: '0123456789abcdef' }, 'what is written stays as it is');
});

t.test('parseRecipe accepts the recipes of this repository', async (t) => {
  const file = path.join(checkout, 'recipes/cloud-x86_64.yaml');
  t.equal(parseRecipe(readFileSync(file, 'utf8'), file).recipe.name, 'cloud-x86_64');
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
    'r.yaml, line 7: cluster.colour: there is no such field; known here: name, secret, expect, failureDomain, weight',
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
    'r.yaml, line 2: architecture: must be "x86_64", not "arm32"',
  ],
  [
    'an architecture that only the executable is made for',
    (text) => text.replace('x86_64', 'arm64'),
    'r.yaml, line 2: architecture: must be "x86_64", not "arm64"',
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
    'r.yaml, line 8: files[0]: needs either "content" or "source"',
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
