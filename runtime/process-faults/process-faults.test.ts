/** Two short runs; more of them: `npm run faults`. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { sandboxWords } from './sandbox.ts';

t.setTimeout(600_000);

const main = path.join(import.meta.dirname, 'main.ts');
const cannot = sandboxWords() === null && 'no namespaces for this user';

function run(...words: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

t.test('agents under faults lose nothing and stay linearizable', { skip: cannot }, async (t) => {
  const { status, output } = run('--runs', '2');
  t.comment(output);
  t.equal(status, 0);
  t.match(output, /2 runs with \d+ faults/);
});

t.test('wrong usage is told apart from a failure', async (t) => {
  t.match(run('--runs', 'many'), { status: 2, output: /--runs many: it must be a whole number/ });
  t.match(run('--what'), { status: 2, output: /--what/ });
});
