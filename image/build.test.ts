/** The whole build, twice: as a person runs it, and again from its lock with nothing of the first build's work. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { openCache } from './cache/cache.ts';
import { checkout } from './checkout.ts';
import type { BuildReport } from './report.ts';

const recipe = path.join(checkout, 'recipes/cloud-x86_64.yaml');

/** Runs `trivet build --json` with a cache of its own. */
function build(cacheHome: string, out: string, ...options: string[]): BuildReport {
  const command = [
    process.execPath,
    path.join(checkout, 'image/main.ts'),
    'build',
    recipe,
    '--out',
    out,
    '--json',
  ];
  const [program = '', ...programArguments] = [...command, ...options];
  const output = execFileSync(program, programArguments, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: cacheHome },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output) as BuildReport;
}

t.test(
  'buildImage gives the same bytes from a lock file, offline, made all anew',
  { timeout: 600_000 },
  async (t) => {
    const directory = t.testdir();
    const cache = openCache().directory;
    const formats = ['--format', 'qcow2,vmdk,vhd'];
    const first = build(path.dirname(cache), path.join(directory, 'first'), ...formats);
    // The second build shares what was downloaded, the compressed frames, and SQLite's objects, of which another test
    // shows that they repeat; neither trees nor executable.
    const second = path.join(directory, 'cache');
    mkdirSync(path.join(second, 'trivet'), { recursive: true });
    for (const name of ['packages', 'frames', 'sqlite-objects'])
      symlinkSync(path.join(cache, name), path.join(second, 'trivet', name));
    const lock = path.join(directory, 'first', first.files.lock);
    const before = process.umask(0o077);
    t.teardown(() => process.umask(before));
    const again = build(second, path.join(directory, 'again'), '--lock', lock, '--offline', ...formats);
    t.equal(again.sha256.raw, first.sha256.raw, 'the disk image is the same');
    t.equal(again.sha256.zst, first.sha256.zst, 'and so is the compressed one');
    t.same(again.sha256, first.sha256, 'and so are block map, qcow2, vmdk and vhd');
    const raw = path.join(directory, 'first', first.files.raw);
    for (const [format, name] of [
      ['qcow2', 'qcow2'],
      ['vmdk', 'vmdk'],
      ['vpc', 'vhd'],
    ] as const)
      execFileSync('qemu-img', [
        'compare',
        '-f',
        'raw',
        '-F',
        format,
        raw,
        path.join(directory, 'first', first.files[name]!),
      ]);
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], {
      cwd: path.join(directory, 'first'),
    });
    const copy = path.join(directory, 'copy');
    execFileSync('bmaptool', ['--quiet', 'copy', path.join(directory, 'first', first.files.zst), copy]);
    execFileSync('cmp', [raw, copy]);
    t.pass('QEMU, sha256sum and bmaptool agree');
    const text = (name: string): string => readFileSync(path.join(directory, name, first.files.lock), 'utf8');
    t.equal(text('again'), text('first'), 'and the lock file');
    const sums = (name: string): string => readFileSync(path.join(directory, name, first.files.sums), 'utf8');
    t.equal(sums('again'), sums('first'), 'and the sums over all files');
    t.ok(first.sizesBytes.zst < 95e6, 'the download stays below 95 MB');
  },
);
