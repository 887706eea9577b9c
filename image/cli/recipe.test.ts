import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t, { type Test } from 'tap';
import { checkout } from '../checkout.ts';

const recipe = `name: edge
architecture: [x86_64, arm64]
target: generic
cluster: { name: lab, secret: 0123456789abcdef }
`;

/** The command as a person runs it, beside one good recipe, one that extends it, and a bad one. */
function trivet(t: Test, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const bad = 'name: Edge!\narchitecture: vax\ntarget: cloud\n';
  const extending = 'extends: good.yaml\nname: site\narchitecture: arm64\n';
  return spawnSync(process.execPath, [path.join(checkout, 'image/main.ts'), ...words], {
    cwd: t.testdir({ 'good.yaml': recipe, 'bad.yaml': bad, 'site.yaml': extending }),
    encoding: 'utf8',
  });
}

t.test('trivet recipe check says which images a recipe builds', async (t) => {
  const { status, stdout } = trivet(t, 'recipe', 'check', 'good.yaml');
  t.equal(status, 0);
  t.match(
    stdout,
    /^good\.yaml is in order; it builds\n {2}trivet-edge-x86_64-\S+\.raw \(generic, x86_64\)\n {2}trivet-edge-arm64-\S+\.raw \(generic, arm64\)\n$/,
  );
  const json = JSON.parse(trivet(t, 'recipe', 'check', 'site.yaml', '--json').stdout);
  t.match(json, { ok: true, images: [{ architecture: 'arm64', target: 'generic' }], warnings: [] });
});

t.test('trivet recipe check explains every error at its line, with exit code 1', async (t) => {
  const { status, stdout, stderr } = trivet(t, 'recipe', 'check', 'bad.yaml');
  t.equal(status, 1);
  t.equal(stdout, '');
  t.match(
    stderr,
    /^trivet: The recipe has 2 faults:\nbad\.yaml, line 1: name[^\n]*\nbad\.yaml, line 2: architecture[^\n]*\n$/,
  );
  const absent = trivet(t, 'recipe', 'check', 'absent.yaml');
  t.equal(absent.status, 1);
  t.match(absent.stderr, /^trivet: The recipe absent\.yaml cannot be read: there is no such file\n$/);
});

t.test('trivet recipe show gives the recipe over what it extends', async (t) => {
  const shown = JSON.parse(trivet(t, 'recipe', 'show', 'site.yaml', '--json').stdout);
  t.match(shown, { name: 'site', architecture: 'arm64', target: 'generic', cluster: { name: 'lab' } });
  t.notOk('extends' in shown);
});

t.test('trivet recipe schema is a JSON schema', async (t) => {
  const schema = JSON.parse(trivet(t, 'recipe', 'schema').stdout);
  t.ok('target' in schema.properties);
});

t.test('trivet recipe and build --arch answer wrong usage with one line and exit code 2', async (t) => {
  for (const [words, message] of [
    [['recipe', 'frob'], /^trivet: trivet recipe frob: it is check FILE, show FILE or schema\.\n$/],
    [['recipe', 'check'], /^trivet: trivet recipe check needs the file of a recipe\.\n$/],
    [
      ['build', 'site.yaml', '--arch', 'x86_64'],
      /^trivet: --arch x86_64: the recipe site\.yaml is for arm64\.\n$/,
    ],
    [
      ['build', 'good.yaml', '--arch', 'arm64,vax'],
      /^trivet: --arch vax: the recipe good\.yaml is for x86_64 and arm64\.\n$/,
    ],
    [
      ['build', 'good.yaml', '--lock', 'l'],
      /^trivet: --lock is for one image: choose it by --arch x86_64 or --arch arm64\.\n$/,
    ],
  ] as const) {
    const { status, stderr } = trivet(t, ...words);
    t.equal(status, 2, words.join(' '));
    t.match(stderr, message);
  }
});
