import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { findConfigDisk, readConfigDisk, withMounted } from './config-disk.ts';

t.test('findConfigDisk knows the labels, NoCloud’s first', async (t) => {
  const find = (...names: string[]) =>
    findConfigDisk(t.testdir(Object.fromEntries(names.map((name) => [name, '']))));
  t.match(find('esp', 'CIDATA'), { kind: 'nocloud', device: /CIDATA$/ });
  t.match(find('config-2', 'cidata'), { kind: 'nocloud', device: /cidata$/ });
  t.match(find('CONFIG-2'), { kind: 'config-drive' });
  t.equal(find('data', 'mycidata'), null);
  t.equal(findConfigDisk('/nowhere'), null);
});

t.test('readConfigDisk reads both kinds', async (t) => {
  const nocloud = t.testdir({ 'user-data': '#trivet\n', 'meta-data': 'instance-id: i-1\n' });
  t.match(readConfigDisk('nocloud', nocloud), {
    instanceId: 'i-1',
    hostname: null,
    userData: Buffer.from('#trivet\n'),
  });
  t.match(readConfigDisk('nocloud', t.testdir({})), { instanceId: null, userData: null });
  const metadata = { uuid: 'u', hostname: 'h', availability_zone: 'z', meta: { 'trivet-peers': 'p' } };
  const latest = { 'meta_data.json': JSON.stringify(metadata), user_data: 'x' };
  const drive = t.testdir({ openstack: { latest } });
  t.match(readConfigDisk('config-drive', drive), {
    instanceId: 'u',
    hostname: 'h',
    tags: { peers: 'p', cluster: null, zone: 'z' },
    userData: Buffer.from('x'),
  });
  t.throws(() => readConfigDisk('config-drive', t.testdir({})), /no openstack\/latest\/meta_data\.json/);
});

t.test('readConfigDisk reads nothing but files of the disk, and not without end', async (t) => {
  const outside = t.testdir({ secret: 'secret', disk: { sub: {} } });
  const disk = path.join(outside, 'disk');
  const file = path.join(disk, 'user-data');
  const read = () => readConfigDisk('nocloud', disk);
  for (const target of ['../secret', '/etc/passwd', '..']) {
    symlinkSync(target, file);
    t.throws(read, /user-data on the disk leads out of the disk/, target);
    spawnSync('rm', [file]);
  }
  symlinkSync('sub', file);
  t.throws(read, /is not a file/);
  spawnSync('rm', [file]);
  t.equal(spawnSync('mkfifo', [file]).status, 0);
  t.throws(read, /is not a file/, 'and does not wait for a writer');
  spawnSync('rm', [file]);
  symlinkSync('user-data', file);
  t.throws(read, /cannot be opened: .*ELOOP/);
  spawnSync('rm', [file]);
  writeFileSync(file, '');
  truncateSync(file, 1024 * 1024 * 1024);
  t.throws(read, /is larger than 64 KiB/);
});

/** A disk of ext4, which kernels without FAT know too, as a file. */
function makeDisk(directory: string, files: Readonly<Record<string, string>>): string {
  const content = path.join(directory, 'content');
  mkdirSync(content);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(content, name), text);
  const image = path.join(directory, 'image');
  writeFileSync(image, '');
  truncateSync(image, 4 * 1024 * 1024);
  const run = spawnSync('mke2fs', ['-q', '-t', 'ext4', '-d', content, image], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.error?.message ?? run.stderr);
  return image;
}

/** Why this system mounts no file as a disk; false when it does. */
function reasonAgainst(): string | false {
  if (process.getuid?.() !== 0) return 'only root may mount';
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-disk-'));
  const words = ['--mount', 'mount', '-t', 'ext4', '-o', 'ro,loop', makeDisk(directory, {}), '/mnt'];
  const run = spawnSync('unshare', words, { encoding: 'utf8' });
  rmSync(directory, { recursive: true });
  return run.status === 0 ? false : `this system mounts no files: ${run.error?.message ?? run.stderr.trim()}`;
}

t.test(
  'withMounted mounts a disk, tries the file systems in turn, and lets go',
  { skip: reasonAgainst() },
  async (t) => {
    const directory = t.testdir({});
    const image = makeDisk(directory, { 'user-data': '#trivet\n', 'meta-data': 'instance-id: i-9\n' });
    const mountPoint = path.join(directory, 'mount');
    const isMounted = (): boolean => readFileSync('/proc/self/mounts', 'utf8').includes(mountPoint);
    const use = (found: string) => ({ mounted: isMounted(), ...readConfigDisk('nocloud', found) });
    const data = withMounted(image, mountPoint, use, ['tmpfs-of-none', 'ext4']);
    t.match(data, { mounted: true, instanceId: 'i-9', userData: Buffer.from('#trivet\n') });
    t.notOk(isMounted());
    const fail = (): never => {
      throw new Error('on purpose');
    };
    t.throws(() => withMounted(image, mountPoint, fail, ['ext4']), /on purpose/);
    t.notOk(isMounted(), 'not after a failure either');
  },
);
