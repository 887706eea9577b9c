/** What `trivet boot` says to wrong input; scenarios/ boots machines with it. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import t from 'tap';
import { diskStart } from '../../qemu-tests/machine/testing/disk-start.ts';

const main = path.resolve(import.meta.dirname, '../main.ts');

function boot(...words: readonly string[]): { status: number | null; complaint: string } {
  const { status, stderr } = spawnSync(process.execPath, [main, 'boot', ...words], { encoding: 'utf8' });
  return { status, complaint: stderr };
}

t.test('boot refuses what is no image', async (t) => {
  const directory = t.testdir({ 'notes.txt': 'hello' });
  t.match(boot('gone.raw'), { status: 1, complaint: /^trivet: There is no image gone\.raw\./ });
  const notes = path.join(directory, 'notes.txt');
  t.match(boot(notes), { status: 1, complaint: /notes\.txt is not a disk image/ });
});

t.test('boot refuses numbers that make no sense, and more memory than there is', async (t) => {
  const directory = t.testdir({ 'a.raw': diskStart() });
  const image = path.join(directory, 'a.raw');
  t.match(boot(image, '--nodes', 'three'), {
    status: 2,
    complaint: /--nodes three: it must be a whole number from 1 to 16/,
  });
  t.match(boot(image, '--nodes', '0'), { status: 2 });
  t.match(boot(image, '--memory', '1'), { status: 2, complaint: /--memory 1: it must be .* from 256/ });
  t.match(boot(image, '--nodes', '16', '--memory', '65536'), {
    status: 1,
    complaint: /16 machines of 65536 MiB need about \d+ MiB, and \d+ MiB are free/,
  });
});

t.test('boot needs the files of a build for --direct, and a directory that sockets can be in', async (t) => {
  const directory = t.testdir({ 'a.raw': diskStart() });
  const image = path.join(directory, 'a.raw');
  t.match(boot(image, '--direct'), {
    status: 1,
    complaint: /cannot be booted directly: there is no build\.json/,
  });
  const long = path.join(directory, 'long'.repeat(30));
  t.match(boot(image, '--dir', long), { status: 1, complaint: /use a shorter directory/ });
});
