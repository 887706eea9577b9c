import { createHash } from 'node:crypto';
import t from 'tap';
import { encodeTables, firstFreeByte, placeCluster } from './qcow2.ts';

const cluster = 2 ** 16;

t.test('encodeTables writes the bytes that qemu-img check has found good', async (t) => {
  const size = 10 * cluster;
  const first = placeCluster(firstFreeByte(size), 0, 1000, true);
  const second = placeCluster(first.offset + 1000, 3, 700, true);
  const third = placeCluster(second.offset + 700, 9, cluster, false);
  t.same([first.offset, second.offset, third.offset], [2 * cluster, 2 * cluster + 1000, 3 * cluster]);
  const [header, l1, l2, refcounts] = encodeTables(size, [first, second, third]);
  t.same([header?.offset, l1?.offset, l2?.offset, refcounts?.offset], [0, cluster, 4 * cluster, 5 * cluster]);
  t.equal(
    Buffer.from(header!.bytes.subarray(0, 104)).toString('hex'),
    [
      '514649fb00000003000000000000000000000000',
      '0000001000000000000a0000',
      '00000000',
      '000000010000000000010000',
      '00000000000500000000000100000000',
      '0000000000000000',
      '000000000000000000000000000000000000000000000000',
      '0000000400000068',
    ].join(''),
  );
  const entry = (index: number): string =>
    Buffer.from(l2!.bytes.subarray(index * 8, index * 8 + 8)).toString('hex');
  t.equal(Buffer.from(l1!.bytes.subarray(0, 8)).toString('hex'), '8000000000040000');
  // Bytes 0 to 999 touch one sector more than the first; bytes 1000 to 1699 begin in sector 1 and end in sector 3.
  t.equal(entry(0), '4040000000020000');
  t.equal(entry(3), '40800000000203e8');
  t.equal(entry(9), '8000000000030000');
  t.equal(entry(1), '0000000000000000');
  const counts = Buffer.from(refcounts!.bytes.subarray(cluster, cluster + 16)).toString('hex');
  t.equal(counts, '00010001000200010001000100010000', 'the shared cluster counts twice');
  const hash = createHash('sha256');
  for (const { bytes } of [header!, l1!, l2!, refcounts!]) hash.update(bytes);
  t.equal(hash.digest('hex'), '03e9eadb60e65a4d78a8393af0e64067a0102b71e2e66e8fb50b31e7bfbe5487');
});

t.test('encodeTables makes room for refcounts of large images', async (t) => {
  const size = 40_000 * cluster;
  let free = firstFreeByte(size);
  const clusters = Array.from({ length: 40_000 }, (_, index) => {
    const placed = placeCluster(free, index, cluster, false);
    free = placed.offset + cluster;
    return placed;
  });
  const refcounts = Buffer.from(encodeTables(size, clusters).at(-1)!.bytes);
  t.equal(refcounts.length, 3 * cluster, 'a table and two blocks');
  const counted = 2 + 40_000 + 5 + 3;
  t.equal(refcounts.readUInt16BE(cluster + (counted - 1) * 2), 1);
  t.equal(refcounts.readUInt16BE(cluster + counted * 2), 0);
});
