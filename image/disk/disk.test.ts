import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import t from 'tap';
import { architectureOf } from '../architecture.ts';
import { openCache } from '../cache/cache.ts';
import { decodeTable } from '../formats/gpt/gpt.ts';
import { targetOf } from '../targets.ts';
import { compressImage } from './compress.ts';
import { layOutDisk } from './partitions.ts';
import { writeDisk } from './write-disk.ts';

const mebibyte = 2 ** 20;
const options = {
  architecture: architectureOf('x86_64'),
  target: targetOf('cloud'),
  espBytes: 40 * mebibyte,
  slotBytes: 16 * mebibyte,
  verityBytes: 2 * mebibyte,
  root: { rootHash: '0123456789abcdef'.repeat(4), dataBytes: 10 * mebibyte, hashBytes: mebibyte },
};

t.test('layOutDisk puts boot partition and slots one behind the other, on whole mebibytes', async (t) => {
  const layout = layOutDisk(options);
  t.same(
    layout.partitions.map(({ name, firstLba, sectors }) => [name, firstLba / 2048, sectors / 2048]),
    [
      ['esp', 1, 40],
      ['root-a', 41, 16],
      ['verity-a', 57, 2],
      ['root-b', 59, 16],
      ['verity-b', 75, 2],
    ],
  );
  t.equal(layout.diskSectors / 2048, 78);
});

t.test('layOutDisk names slot A by its root hash, as the partition specification asks', async (t) => {
  const [, root, verity] = layOutDisk(options).partitions;
  t.equal(root?.guid, '01234567-89ab-cdef-0123-456789abcdef');
  t.equal(verity?.guid, root?.guid);
  const guids = layOutDisk({
    ...options,
    root: { ...options.root, rootHash: 'ab'.repeat(16) + 'cd'.repeat(16) },
  });
  t.equal(new Set(guids.partitions.map((partition) => partition.guid)).size, 5);
});

t.test('layOutDisk refuses a root that its slot cannot hold', async (t) => {
  t.throws(() => layOutDisk({ ...options, root: { ...options.root, dataBytes: 17 * mebibyte } }), {
    code: 'does-not-fit',
    message: /room for 16 MiB and needs 17 MiB: set sizes\.slot/,
  });
});

t.test('writeDisk puts contents where the table says, and holes where nothing is', async (t) => {
  const directory = t.testdir();
  const file = path.join(directory, 'root');
  writeFileSync(file, Buffer.concat([Buffer.alloc(8 * mebibyte), Buffer.from('the end')]));
  const output = path.join(directory, 'disk.raw');
  const layout = layOutDisk(options);
  await writeDisk(output, layout, { 'root-a': file });
  const disk = readFileSync(output);
  t.equal(disk.length, layout.diskSectors * 512);
  t.same(decodeTable(disk).partitions, layout.partitions);
  t.equal(disk.toString('latin1', (41 + 8) * mebibyte, (41 + 8) * mebibyte + 7), 'the end');
  t.ok(statSync(output).blocks * 512 < mebibyte, 'zeros take no space');
});

t.test('compressImage makes a file that zstd reads, and compresses only what has changed', async (t) => {
  const directory = t.testdir({ cache: {} });
  const cache = openCache({ XDG_CACHE_HOME: path.join(directory, 'cache') });
  const [input, output] = [path.join(directory, 'raw'), path.join(directory, 'raw.zst')];
  const content = Buffer.alloc(10 * mebibyte, 'some text ');
  writeFileSync(input, content);
  await compressImage(cache, input, output);
  t.ok(zstdDecompressSync(readFileSync(output)).equals(content));
  const frames = path.join(cache.directory, 'frames');
  const first = readdirSync(frames);
  for (const name of first) utimesSync(path.join(frames, name), 1, 1);
  content[9 * mebibyte] = 0;
  writeFileSync(input, content);
  await compressImage(cache, input, output);
  const added = readdirSync(frames).filter((name) => !first.includes(name));
  t.equal(added.length, 1, 'one frame is new');
  t.ok(zstdDecompressSync(readFileSync(output)).equals(content));
  t.match(
    execFileSync('ls', [directory], { encoding: 'utf8' }),
    /^cache\nraw\nraw\.zst\n$/,
    'nothing is left behind',
  );
});

t.test('compressImage makes frames of the same content at the same time, with an empty cache', async (t) => {
  const directory = t.testdir();
  const input = path.join(directory, 'zeros');
  writeFileSync(input, '');
  truncateSync(input, 8 * mebibyte);
  const output = path.join(directory, 'zeros.zst');
  // Which of the two is ready first is chance.
  for (let round = 0; round < 20; round += 1) {
    const cache = openCache({ XDG_CACHE_HOME: path.join(directory, `cache-${round}`) });
    await compressImage(cache, input, output);
    t.equal(
      readdirSync(path.join(cache.directory, 'frames')).length,
      1,
      'one is kept, and nothing unfinished',
    );
  }
  t.equal(zstdDecompressSync(readFileSync(output)).length, 8 * mebibyte);
});
