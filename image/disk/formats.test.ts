/** Every format against the tools that others wrote: qemu-img, bmaptool, sha256sum. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { decodeBmap } from '../formats/bmap/bmap.ts';
import { extraFormats } from '../formats/names.ts';
import { writeAside } from './aside.ts';
import { writeFormat } from './formats.ts';
import { parseSums, writeSums } from './sums.ts';
import { noise, runForeign, smallDisk, sparseFile } from './testing/small-disk.ts';
import { sha256OfFile } from './write-disk.ts';

const mebibyte = 2 ** 20;

async function convertAll(directory: string, raw: string): Promise<void> {
  const sha256 = await sha256OfFile(raw);
  for (const format of extraFormats)
    await writeFormat(format, path.join(directory, `disk.${format}`), {
      ...{ raw, sha256, sourceDateEpoch: 1_767_225_600 },
    });
}

const qemuNames = { qcow2: 'qcow2', vmdk: 'vmdk', vhd: 'vpc' } as const;

function judgeAll(directory: string, raw: string): void {
  for (const format of extraFormats) {
    const file = path.join(directory, `disk.${format}`);
    // qemu-img compare reads every block of both.
    runForeign('qemu-img', 'compare', '-f', 'raw', '-F', qemuNames[format], raw, file);
    if (format !== 'vhd') runForeign('qemu-img', 'check', '-f', qemuNames[format], file);
  }
}

t.test('writeFormat writes what QEMU finds in order and equal to the raw image', async (t) => {
  const directory = t.testdir();
  const raw = path.join(directory, 'disk.raw');
  // Across table borders (a qcow2 table is 512 MiB, one of vmdk 32 MiB), with clusters that cannot be compressed
  // between others that can, and with something in the very last sector.
  sparseFile(raw, 1100 * mebibyte, [
    { at: 0, bytes: noise(200_000, 'start') },
    { at: 300_000, bytes: Buffer.alloc(150_000, 'text ') },
    { at: 32 * mebibyte - 10, bytes: Buffer.from('across the border of two tables') },
    { at: 512 * mebibyte - 70_000, bytes: noise(140_000, 'middle') },
    { at: 1100 * mebibyte - 1, bytes: Buffer.from('!') },
  ]);
  await convertAll(directory, raw);
  judgeAll(directory, raw);
  const info = (format: keyof typeof qemuNames): Record<string, unknown> =>
    JSON.parse(
      runForeign(
        'qemu-img',
        'info',
        '--output=json',
        '-f',
        qemuNames[format],
        path.join(directory, `disk.${format}`),
      ),
    );
  for (const format of extraFormats) t.equal(info(format)['virtual-size'], 1100 * mebibyte, format);
  t.match(info('qcow2'), { 'format-specific': { data: { compat: '1.1', 'compression-type': 'zlib' } } });
  t.match(info('vmdk'), {
    'format-specific': { data: { 'create-type': 'streamOptimized', 'parent-cid': 0xffffffff } },
  });
  t.equal(readFileSync(path.join(directory, 'disk.vhd')).length, 1100 * mebibyte + 512);
  const check = JSON.parse(
    runForeign('qemu-img', 'check', '--output=json', path.join(directory, 'disk.qcow2')),
  );
  t.equal(check['allocated-clusters'], 4 + 3 + 2 + 4 + 1, 'zeros are not there');
  t.ok(check['compressed-clusters'] > 3);
  t.match(
    spawnSync('qemu-img', ['check', '-r', 'leaks', path.join(directory, 'disk.qcow2')], { encoding: 'utf8' })
      .stdout,
    /No errors were found/,
  );
});

t.test('writeFormat notices nothing of what is not in the raw image: the same bytes again', async (t) => {
  const directory = t.testdir({ one: {}, two: {} });
  const raw = path.join(directory, 'disk.raw');
  sparseFile(raw, 3 * mebibyte, [{ at: 5, bytes: noise(300_000, 'again') }]);
  for (const name of ['one', 'two']) await convertAll(path.join(directory, name), raw);
  for (const format of extraFormats) {
    const read = (name: string): Buffer => readFileSync(path.join(directory, name, `disk.${format}`));
    t.ok(read('one').equals(read('two')), format);
  }
  t.same(
    readdirSync(path.join(directory, 'one')).sort(),
    ['disk.qcow2', 'disk.vhd', 'disk.vmdk'],
    'and nothing else',
  );
});

t.test('writeFormat rounds a vhd up to a whole mebibyte, as Azure wants it', async (t) => {
  const directory = t.testdir();
  const raw = path.join(directory, 'disk.raw');
  sparseFile(raw, 3 * mebibyte + 512, [{ at: 3 * mebibyte, bytes: Buffer.alloc(512, 'end') }]);
  await convertAll(directory, raw);
  const vhd = readFileSync(path.join(directory, 'disk.vhd'));
  t.equal(vhd.length, 4 * mebibyte + 512);
  t.equal(vhd.readBigUInt64BE(vhd.length - 512 + 48), BigInt(4 * mebibyte));
  judgeAll(directory, raw);
});

t.test('writeFormat is right for disks of any content', { timeout: 240_000 }, async (t) => {
  const directory = t.testdir();
  const raw = path.join(directory, 'disk.raw');
  const patch = fc.record({
    at: fc.nat({ max: 9_000_000 }),
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 2000 }),
      fc
        .record({ size: fc.integer({ min: 1, max: 200_000 }), seed: fc.string() })
        .map(({ size, seed }) => noise(size, seed)),
      fc.integer({ min: 1, max: 400_000 }).map((size) => new Uint8Array(size).fill(0x61)),
    ),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 20_000 }),
      fc.array(patch, { maxLength: 6 }),
      async (sectors, patches) => {
        const fitting = patches.filter(({ at, bytes }) => at + bytes.length <= sectors * 512);
        sparseFile(raw, sectors * 512, fitting);
        await convertAll(directory, raw);
        judgeAll(directory, raw);
      },
    ),
    { numRuns: 25 },
  );
  t.pass('all were equal');
});

t.test('writeFormat leaves nothing behind when it fails', async (t) => {
  const directory = t.testdir({ 'disk.qcow2': 'of an earlier build' });
  const missing = { raw: path.join(directory, 'missing'), sha256: '00'.repeat(32), sourceDateEpoch: 1e9 };
  await t.rejects(writeFormat('qcow2', path.join(directory, 'disk.qcow2'), missing), { code: 'ENOENT' });
  t.same(readdirSync(directory), ['disk.qcow2']);
  t.equal(readFileSync(path.join(directory, 'disk.qcow2'), 'utf8'), 'of an earlier build');
  const full = async (): Promise<void> => {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  };
  await t.rejects(writeAside(path.join(directory, 'new'), full), {
    message: /There is no room for .*new: its file system is full/,
  });
  t.same(readdirSync(directory), ['disk.qcow2']);
});

t.test(
  'writeBlockMap maps all that means something, zeros of a root and of FAT tables included',
  async (t) => {
    const directory = t.testdir();
    const { raw, map } = await smallDisk(directory);
    const { ranges, imageBytes, blockSize } = decodeBmap(readFileSync(map, 'utf8'), (text) =>
      createHash('sha256').update(text).digest('hex'),
    );
    // What bmaptool leaves on a disk that was full of something else, seen through the partitions' own eyes.
    const disk = Buffer.alloc(imageBytes, 0xff);
    const image = readFileSync(raw);
    for (const { firstBlock, lastBlock } of ranges)
      image.copy(disk, firstBlock * blockSize, firstBlock * blockSize, (lastBlock + 1) * blockSize);
    const part = (buffer: Buffer, from: number, size: number): Buffer =>
      buffer.subarray(from * mebibyte, from * mebibyte + size);
    t.ok(part(disk, 35, 3 * mebibyte).equals(part(image, 35, 3 * mebibyte)), 'the whole root');
    t.ok(part(disk, 43, 20_480).equals(part(image, 43, 20_480)), 'the hash tree');
    t.ok(part(disk, 44, mebibyte).equals(Buffer.alloc(mebibyte)), 'no old signature in the empty slot');
    t.ok(part(disk, 53, mebibyte).equals(part(image, 53, mebibyte)), 'nor behind it, and the backup table');
    writeFileSync(path.join(directory, 'esp.out'), part(disk, 1, 34 * mebibyte));
    t.match(runForeign('fsck.fat', '-n', path.join(directory, 'esp.out')), /1 files/);
    runForeign(
      'mcopy',
      '-i',
      path.join(directory, 'esp.out'),
      '::KERNEL.EFI',
      path.join(directory, 'kernel.out'),
    );
    t.ok(
      readFileSync(path.join(directory, 'kernel.out')).equals(readFileSync(path.join(directory, 'kernel'))),
    );
    const mapped = ranges.reduce((sum, { firstBlock, lastBlock }) => sum + lastBlock - firstBlock + 1, 0);
    t.ok(mapped * blockSize < 9 * mebibyte, 'and not what means nothing');
  },
);

t.test('bmaptool copies with our block map, from the image and from the compressed one', async (t) => {
  const directory = t.testdir();
  const { raw, map } = await smallDisk(directory);
  writeFileSync(`${raw}.zst`, zstdCompressSync(readFileSync(raw)));
  for (const source of [raw, `${raw}.zst`]) {
    const output = path.join(directory, 'copy');
    rmSync(output, { force: true });
    runForeign('bmaptool', 'copy', '--bmap', map, source, output);
    runForeign('cmp', raw, output);
    t.pass(`equal: ${path.basename(source)}`);
  }
  const text = readFileSync(map, 'utf8');
  writeFileSync(map, text.replace(/<ImageSize> \d/, '<ImageSize> 9'));
  t.not(
    spawnSync('bmaptool', ['copy', '--bmap', map, raw, path.join(directory, 'copy')]).status,
    0,
    'a changed map',
  );
  writeFileSync(map, text);
  const image = readFileSync(raw);
  image[35 * mebibyte + mebibyte + 7]! ^= 1;
  writeFileSync(raw, image);
  t.not(
    spawnSync('bmaptool', ['copy', '--bmap', map, raw, path.join(directory, 'copy')]).status,
    0,
    'a flipped bit',
  );
});

t.test('writeSums writes what sha256sum checks', async (t) => {
  const directory = t.testdir({ b: 'two', a: 'one' });
  const text = await writeSums(directory, ['b', 'a']);
  t.match(text, /^7692c3ad.* {2}a\n3fc4ccfe.* {2}b\n$/);
  const check = (): number | null =>
    spawnSync('sha256sum', ['--check', 'SHA256SUMS'], { cwd: directory }).status;
  t.equal(check(), 0);
  t.same([...parseSums(text).keys()], ['a', 'b']);
  writeFileSync(path.join(directory, 'b'), 'changed');
  t.equal(check(), 1);
  t.ok(existsSync(path.join(directory, 'SHA256SUMS')));
  mkdirSync(path.join(directory, 'empty'));
  t.equal(await writeSums(path.join(directory, 'empty'), []), '');
});
