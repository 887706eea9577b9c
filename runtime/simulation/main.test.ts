import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';

function simulate(...programArguments: string[]): { code: number | null; output: string } {
  const program = path.join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...programArguments], {
    encoding: 'utf8',
  });
  return { code: status, output: stdout + stderr };
}

t.setTimeout(300_000);

t.test('simulate sums up its runs for people, and as JSON', async (t) => {
  t.setTimeout(120_000);
  const { code, output } = simulate('--seeds', '4', '--steps', '1000');
  t.equal(code, 0, output);
  t.match(output, /seeds +4, failed: 0/);
  t.match(output, /operations +[\d,]+ acknowledged/);
  const json = JSON.parse(simulate('--seeds', '2', '--steps', '500', '--json').output);
  t.match(json, { seeds: 2, failedSeeds: [], failures: [] });
  const again = JSON.parse(simulate('--seeds', '2', '--steps', '500', '--json', '--jobs', '1').output);
  t.equal(again.traceHash, json.traceHash, 'the same seeds in other processes, in another order');
});

t.test('simulate refuses wrong usage in words, with exit code 2', async (t) => {
  t.setTimeout(120_000);
  t.match(simulate('--seeds', 'many'), {
    code: 2,
    output: /--seeds takes a whole number from 1 on, not "many"/,
  });
  t.match(simulate('--sedes', '3'), { code: 2, output: /Usage/ });
  t.match(simulate('--mutations', '--only', 'no such thing'), { code: 2, output: /no mutation is named/ });
  t.match(simulate('--help'), { code: 0, output: /--mutations/ });
});

t.test('simulate finds a fault that is put back, and shows how', async (t) => {
  t.setTimeout(120_000);
  const { code, output } = simulate('--mutations', '--only', 'a snapshot carries an old configuration');
  t.equal(code, 0, output);
  t.match(output, /simulation: configuration rules/);
  t.match(output, /1 of 1 mutations found/);
});

t.test('simulate says when a fault is not found', async (t) => {
  t.setTimeout(120_000);
  const { code, output } = simulate(
    ...['--mutations', '--only', 'a torn last write keeps the node from starting'],
    ...['--seeds', '1', '--steps', '10'],
  );
  t.equal(code, 1, output);
  t.match(output, /NOT FOUND/);
});
