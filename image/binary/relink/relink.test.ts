/** What the C library's licence asks for: whoever has the archive makes the executable again, also with a changed library. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { architectureOf } from '../../architecture.ts';
import { openCache } from '../../cache/cache.ts';
import { checkout, version } from '../../checkout.ts';
import { buildExecutable } from '../binary.ts';
import { writeRelinkKit } from './relink-kit.ts';

const architecture = architectureOf('x86_64');
/** As a stranger has it: nothing of this project's settings. */
const env = { PATH: '/usr/bin:/bin' };

t.test(
  'the archive makes the executable again, and one with another C library',
  { timeout: 600_000 },
  async (t) => {
    const cache = openCache();
    const executable = await buildExecutable({ checkout, version, architecture, cache });
    const directory = t.testdir({ empty: {}, library: {} });
    const at = (...names: string[]): string => path.join(directory, ...names);
    const write = (name: string): Promise<void> =>
      writeRelinkKit({ architecture, executable, cache, output: at(name) });
    await write('kit.tar.gz');
    await write('again.tar.gz');
    t.ok(readFileSync(at('kit.tar.gz')).equals(readFileSync(at('again.tar.gz'))), 'the same bytes each time');

    execFileSync('tar', ['-xzf', at('kit.tar.gz'), '-C', at('empty')]);
    t.same(readdirSync(at('empty')), ['trivet-x86_64-relink']);
    const kit = at('empty', 'trivet-x86_64-relink');
    t.match(
      readFileSync(path.join(kit, 'README'), 'utf8'),
      /Debian's package libc6-dev 2\.\d+-\S+\. Its source/,
    );
    const relink = (...words: string[]): void =>
      void execFileSync('sh', [path.join(kit, 'relink.sh'), ...words], {
        cwd: at('empty'),
        env,
        stdio: 'pipe',
      });
    relink('same');
    const original = readFileSync(executable.file);
    t.ok(readFileSync(at('empty', 'same')).equals(original), 'the same library gives the same executable');

    const [before, after] = ['Interrupted system call', 'INTERRUPTED SYSTEM CALL'];
    placeLibrary(at('library'), before, after);
    relink('other', '../library');
    const other = readFileSync(at('empty', 'other'));
    t.ok(original.includes(before) && !original.includes(after));
    t.ok(other.includes(after), 'the changed library is in it');
    const printed = execFileSync(at('empty', 'other'), ['--version'], { encoding: 'utf8' });
    t.match(printed, /SQLite +3\..*\n.*x86_64, static/, 'and it works');
  },
);

t.test('relink.sh explains itself', async (t) => {
  const script = path.join(import.meta.dirname, 'relink.sh');
  t.throws(() => execFileSync('sh', [script], { stdio: 'pipe' }), {
    status: 2,
    message: /usage: relink\.sh OUTPUT/,
  });
});

/** A directory with a C library that differs from the system's in one sentence of the same length. */
function placeLibrary(directory: string, before: string, after: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of ['libc.a', 'crt1.o', 'crti.o', 'crtn.o']) {
    const found = execFileSync(`${architecture.multiarch}-g++`, [`-print-file-name=${name}`], {
      encoding: 'utf8',
    });
    const content = readFileSync(found.trim()).toString('latin1').replaceAll(before, after);
    writeFileSync(path.join(directory, name), content, 'latin1');
  }
}
