import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';

const run = (...words: string[]): { status: number | null; stdout: string; stderr: string } =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, 'datastore.ts'), ...words], {
    encoding: 'utf8',
  });

t.test('bench:datastore explains itself and what it does not know', async (t) => {
  const help = run('--help');
  t.equal(help.status, 0);
  t.match(help.stdout, /--only NAME .*put-256/);
  for (const [words, text] of [
    [['--only', 'nothing'], /there is no measurement nothing/],
    [['--side', 'neither'], /must be trivet or etcd/],
    [['--faults', '0'], /whole number from 1/],
    [['--fast'], /--fast/],
  ] as const) {
    const wrong = run(...words);
    t.equal(wrong.status, 2, words.join(' '));
    t.match(wrong.stderr, text);
  }
});

t.test('bench:datastore measures etcd', { timeout: 120_000 }, async (t) => {
  const measured = run('--quick', '--side', 'etcd', '--only', 'put-16', '--json');
  t.equal(measured.status, 0, measured.stderr);
  const { rows } = JSON.parse(measured.stdout) as { rows: { name: string; etcd: number; trivet: null }[] };
  t.equal(rows[0]?.name, 'put, 16 in flight');
  t.ok(rows[0]!.etcd > 10);
  t.equal(rows[0]?.trivet, null);
});
