/** The flasher on real block devices of the kernel: loop devices, with partitions, mounts and a backing file that fills up. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { checkout } from '../checkout.ts';
import { runForeign, smallDisk } from '../disk/testing/small-disk.ts';

const mebibyte = 2 ** 20;
const diskBytes = 80 * mebibyte;

/** Why there can be no loop devices here; null when there can. */
function reasonAgainst(): string | null {
  if (process.getuid?.() !== 0) return 'loop devices need root';
  const found = spawnSync('losetup', ['--find'], { encoding: 'utf8' });
  return found.status === 0
    ? null
    : `losetup finds no device: ${found.error?.message ?? found.stderr.trim()}`;
}

const skip = reasonAgainst() ?? false;

interface LoopDevice extends Disposable {
  readonly device: string;
}

/** A disk over a file, until the block ends. */
function loopDevice(file: string): LoopDevice {
  const device = runForeign('losetup', '--find', '--show', file).trim();
  return {
    device,
    [Symbol.dispose]: () => {
      spawnSync('partx', ['--delete', device]);
      spawnSync('losetup', ['--detach', device]);
    },
  };
}

function flash(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const program = path.join(checkout, 'image/main.ts');
  return spawnSync(process.execPath, [program, 'flash', ...words], { encoding: 'utf8' });
}

/** Until the block ends, or sooner when somebody unmounts it. */
function mount(what: string, where: string, ...options: string[]): Disposable {
  mkdirSync(where, { recursive: true });
  runForeign('mount', ...options, what, where);
  return { [Symbol.dispose]: () => void spawnSync('umount', [where]) };
}

t.test('trivet flash writes a disk, and the kernel finds the partitions', { skip }, async (t) => {
  const directory = t.testdir();
  const { raw } = await smallDisk(directory);
  const backing = path.join(directory, 'backing');
  writeFileSync(backing, Buffer.alloc(diskBytes, 0xee));
  using disk = loopDevice(backing);
  const { device } = disk;
  const result = flash(raw, device, '--yes', '--json');
  t.equal(result.status, 0, result.stderr);
  const report = JSON.parse(result.stdout);
  t.match(report, { device, isReadFromMedium: true, checkedBy: ['block map'] });
  const image = readFileSync(raw);
  const content = execFileSync('dd', [`if=${device}`, 'bs=1M', 'iflag=direct'], {
    maxBuffer: diskBytes + 1,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.ok(
    content.subarray(35 * mebibyte, 38 * mebibyte).equals(image.subarray(35 * mebibyte, 38 * mebibyte)),
    'the root',
  );
  // Not every kernel reads partition tables by itself.
  runForeign('partx', '--update', device);
  const partitions = readFileSync('/proc/partitions', 'utf8');
  for (const number of [1, 2, 3, 4, 5]) t.match(partitions, `${path.basename(device)}p${number}\n`);
  t.match(flash(raw, `${device}p1`, '--yes'), {
    status: 1,
    stderr: `is a partition; an image goes onto a whole disk. Name ${device}.`,
  });

  // The same disk with an old file system in use on one of its partitions.
  runForeign('mkfs.ext4', '-q', `${device}p4`);
  const place = path.join(directory, 'mounted');
  using _mounted = mount(`${device}p4`, place);
  const before = readFileSync(backing);
  const refused = flash(raw, device, '--yes', '--force');
  t.match(refused, { status: 1, stderr: `${device} holds parts of the running system (${place})` });
  t.ok(readFileSync(backing).equals(before), 'and nothing was touched');
  runForeign('umount', place);
  t.equal(flash(raw, device, '--yes').status, 0, 'after umount it goes');
  t.not(spawnSync('mount', [`${device}p4`, place]).status, 0, 'and the old file system is gone');
});

t.test(
  'trivet flash is refused by the kernel where another namespace has the disk mounted',
  { skip },
  async (t) => {
    const directory = t.testdir({ elsewhere: {} });
    const { raw } = await smallDisk(directory);
    const backing = path.join(directory, 'backing');
    writeFileSync(backing, '');
    truncateSync(backing, diskBytes);
    using disk = loopDevice(backing);
    const { device } = disk;
    runForeign('mkfs.ext4', '-q', device);
    // This mount shows in no table that the flasher can read.
    const script = `mount ${device} ${path.join(directory, 'elsewhere')} && echo mounted && read line`;
    const holder = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => holder.once('close', resolve));
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    t.match(flash(raw, device, '--yes'), {
      status: 1,
      stderr: `${device} is in use: a program or the kernel holds it`,
    });
    holder.stdin.end('\n');
    await ended;
    t.equal(flash(raw, device, '--yes').status, 0, 'and goes when that has ended');
  },
);

t.test('trivet flash says so when a device fails in the middle', { skip }, async (t) => {
  const directory = t.testdir();
  const { raw } = await smallDisk(directory);
  // The disk claims 80 MiB and has room for 12: writes beyond are errors, as on a dying card.
  using _small = mount('tmpfs', path.join(directory, 'small'), '-t', 'tmpfs', '-o', 'size=12m');
  const backing = path.join(directory, 'small/backing');
  writeFileSync(backing, '');
  truncateSync(backing, diskBytes);
  using disk = loopDevice(backing);
  const { device } = disk;
  const noise = path.join(directory, 'noise.raw');
  const image = readFileSync(raw);
  for (let at = 36 * mebibyte; at < 42 * mebibyte; at += 4096) image.writeUInt32LE(at, at);
  image.fill(0xab, 3 * mebibyte, 30 * mebibyte);
  writeFileSync(noise, image);
  const result = flash(noise, device, '--yes');
  t.equal(result.status, 1);
  t.match(
    result.stderr,
    new RegExp(`trivet: ${device} failed while writing.*\\(EIO\\).*\\n.*is incomplete and does not boot`),
  );
});
