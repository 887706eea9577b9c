import { execFileSync } from 'node:child_process';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { readGeometry, usedRanges } from './used.ts';

t.test('usedRanges names what a file system that mkfs.fat made has in use', async (t) => {
  const file = path.join(t.testdir({ content: 'x'.repeat(5000) }), 'fat');
  writeFileSync(file, '');
  truncateSync(file, 40 * 2 ** 20);
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync('mkfs.fat', ['-F', '32', '-s', '1', file], { stdio: 'ignore', env });
  execFileSync('mcopy', ['-i', file, path.join(path.dirname(file), 'content'), '::A']);
  execFileSync('mcopy', ['-i', file, path.join(path.dirname(file), 'content'), '::B']);
  execFileSync('mdel', ['-i', file, '::A']);
  const bytes = readFileSync(file);
  const geometry = readGeometry(bytes.subarray(0, 512))!;
  const { tableOffset, tableBytes, clustersOffset } = geometry;
  const ranges = usedRanges(geometry, bytes.subarray(tableOffset, tableOffset + tableBytes));
  t.same(ranges, [
    // The root directory is the first cluster; behind it lies the gap that A left.
    { from: 0, to: clustersOffset + 512 },
    { from: clustersOffset + 11 * 512, to: clustersOffset + 21 * 512 },
  ]);
});

t.test('readGeometry takes nothing else for a FAT32 file system', async (t) => {
  t.equal(readGeometry(Buffer.alloc(512)), null);
  t.equal(readGeometry(Buffer.alloc(100)), null);
  const noise = Buffer.alloc(512, 0x5a);
  noise.writeUInt16LE(0xaa55, 510);
  t.equal(readGeometry(noise), null);
});
