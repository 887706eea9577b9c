import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t, { type Test } from 'tap';
import { checkout, version } from './checkout.ts';

/** The command as a person runs it, in an empty directory. */
function trivet(t: Test, ...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [path.join(checkout, 'image/main.ts'), ...words], {
    cwd: t.testdir({ 'bad.yaml': 'name: edge\ncolour: red\n' }),
    encoding: 'utf8',
  });
}

t.test('trivet says its version and its commands', async (t) => {
  t.match(trivet(t, '--version').stdout, new RegExp(`^trivet ${version}\\n +commit `));
  const help = trivet(t, '--help').stdout;
  for (const command of ['build', 'binary', 'inspect', 'verify', 'keys']) t.match(help, command);
});

t.test('trivet answers wrong usage with one line and exit code 2', async (t) => {
  for (const [words, message] of [
    [['frobnicate'], /^trivet: There is no command "frobnicate"\. See: trivet --help\n$/],
    [['keys', 'lose'], /^trivet: trivet keys cannot "lose": it can create and show\.\n$/],
    [['verify', 'a.raw', '--keys', 'k', '--public-key', 'p'], /^trivet: --keys holds the public key too/],
    [['build'], /^trivet: missing required args/],
    [['build', 'recipe.txt'], /^trivet: "recipe\.txt" is no recipe/],
    [['build', 'bad.yaml', '--colour'], /^trivet: Unknown option `--colour`\n$/],
    [
      ['build', 'bad.yaml', '--format', 'raw,vdi'],
      /^trivet: --format raw,vdi: there is no format "vdi"; name one or more of these, with commas: raw, qcow2, vmdk, vhd\n$/,
    ],
    [
      ['binary', '--arch', 'vax'],
      /^trivet: --arch vax: there is no architecture "vax"; name one or more of these, with commas: x86_64, arm64\n$/,
    ],
  ] as const) {
    const result = trivet(t, ...words);
    t.equal(result.status, 2, words.join(' '));
    t.match(result.stderr, message);
  }
});

t.test('trivet build answers a bad recipe with its faults and exit code 1', async (t) => {
  const result = trivet(t, 'build', 'bad.yaml');
  t.equal(result.status, 1);
  t.match(result.stderr, /^trivet: The recipe has 3 faults:\n(bad\.yaml, line \d: .*\n){3}$/);
});

t.test('trivet keys makes keys, shows them, and says what is wrong with others', async (t) => {
  const made = trivet(t, 'keys', 'create', '--dir', 'mine');
  t.equal(made.status, 0);
  t.match(
    made.stdout,
    /PK\.key, PK\.crt[\s\S]*Back up the whole directory[\s\S]* {2}image {2}[0-9A-F:]{95}\n\nThe operator's key, SHA256:[0-9a-f]{64}, .*:\n {2}MFkw\S{120}\n$/,
  );
  const development = trivet(t, 'keys', 'show', '--development', '--json');
  t.match(JSON.parse(development.stdout), {
    kind: 'development',
    keys: [{ name: 'PK' }, {}, {}, { name: 'image' }],
  });
  const absent = trivet(t, 'keys', 'show');
  t.equal(absent.status, 1);
  t.match(
    absent.stderr,
    /^trivet: keys\/PK\.key cannot be read: there is no such file\..*trivet keys create\.\n$/,
  );
});

t.test('trivet verify answers what is no image with one line and exit code 1', async (t) => {
  const result = trivet(t, 'verify', 'absent.raw');
  t.equal(result.status, 1);
  t.match(result.stderr, /^trivet: absent\.raw is no image: there is no such file\.\n$/);
});

t.test('trivet passes the commands of the device on to the runtime', async (t) => {
  const result = trivet(t, 'status', '--socket', '/nonexistent.sock');
  t.equal(result.status, 1);
  t.match(result.stderr, /^trivet: No agent answers at \/nonexistent\.sock/);
});
