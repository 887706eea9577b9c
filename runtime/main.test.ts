/** The command line as a person uses it: what is printed where, and the exit codes. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { version } from './version.ts';

const mainFile = path.join(import.meta.dirname, 'main.ts');

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [mainFile, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

t.test('trivet --version and --help print to standard output and end with 0', async (t) => {
  const { code, out } = run('--version');
  t.equal(code, 0);
  const parts = ['trivet', 'commit', 'Node', 'SQLite', 'program'];
  t.same(
    out
      .trimEnd()
      .split('\n')
      .map((line) => line.trim().split(' ')[0]),
    parts,
  );
  t.match(out, new RegExp(`^trivet ${version}\\n`));
  const json = JSON.parse(run('--version', '--json').out);
  t.match(json, {
    version,
    commit: /^([0-9a-f]{12}\+?|unknown)$/,
    node: process.versions.node,
    linkage: 'dynamic',
  });
  t.match(json.sqlite, /^3\.\d+\.\d+$/);
  const help = run('--help');
  t.equal(help.code, 0);
  for (const command of ['agent', 'status', 'kv']) t.match(help.out, command);
});

t.test('trivet ends with 2 on wrong usage, says what would be right, and shows no stack trace', async (t) => {
  const cases: [string[], RegExp][] = [
    [['statsu'], /There is no command "statsu"/],
    [['status', '--bogus'], /Unknown option `--bogus`/],
    [['status', '--timeout', 'soon'], /--timeout must be a whole number of at least 1, not "soon"/],
    [['kv', 'put', 'only-a-key'], /Usage: trivet kv put KEY VALUE/],
    [['kv', 'burn', 'key'], /kv has no operation "burn": use get, put, del or watch/],
    [['kv', 'watch', 'key', '--revision', 'now'], /--revision must be a whole number/],
  ];
  for (const [args, expected] of cases) {
    const { code, err } = run(...args);
    t.equal(code, 2, args.join(' '));
    t.match(err, expected);
    t.notMatch(err, /\n {4}at /);
  }
});

t.test('trivet ends with 1 when the agent cannot be reached, and says what to look at', async (t) => {
  const { code, err } = run('status', '--socket', '/nowhere/trivet.sock');
  t.equal(code, 1);
  t.match(err, /No agent answers at \/nowhere\/trivet\.sock: is it running/);
});

t.test('trivet licenses says in a checkout where the licences are', async (t) => {
  const { code, err } = run('licenses');
  t.equal(code, 1);
  t.match(err, /collected when the executable is built\. Run "npx trivet binary"/);
  t.match(run('licenses', 'zlib', '--all'), { code: 2, err: /Give a name or --all, not both/ });
});

t.test('trivet agent ends with 1 without its configuration, and names the option', async (t) => {
  const { code, out, err } = run('agent', '--config', '/nowhere/config.yaml');
  t.equal(code, 1);
  t.match(out + err, /config\.yaml: the configuration cannot be read: it does not exist.*--config FILE/);
});
