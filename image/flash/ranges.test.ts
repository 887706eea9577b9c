import fc from 'fast-check';
import t from 'tap';
import { cut, imageRanges, sizeOf, zeroRanges } from './ranges.ts';

const mebibyte = 2 ** 20;

t.test('zeroRanges covers the head of the room behind the image and the end of the disk', async (t) => {
  t.same(zeroRanges(100 * mebibyte, 1000 * mebibyte), [
    { from: 100 * mebibyte, to: 116 * mebibyte },
    { from: 999 * mebibyte, to: 1000 * mebibyte },
  ]);
  t.same(
    zeroRanges(100 * mebibyte, 110 * mebibyte),
    [{ from: 100 * mebibyte, to: 110 * mebibyte }],
    'little room',
  );
  t.same(zeroRanges(100 * mebibyte, 100 * mebibyte + 512), [
    { from: 100 * mebibyte, to: 100 * mebibyte + 512 },
  ]);
  t.same(zeroRanges(100 * mebibyte, 100 * mebibyte), [], 'none');
});

t.test('imageRanges takes all of an image without a map, and joins the map with what is extra', async (t) => {
  t.same(imageRanges(5000, null), [{ from: 0, to: 5000 }]);
  const range = (
    firstBlock: number,
    lastBlock: number,
  ): { firstBlock: number; lastBlock: number; sha256: string } => ({
    ...{ firstBlock, lastBlock, sha256: '' },
  });
  const map = { imageBytes: 9 * 4096 - 5, blockSize: 4096, ranges: [range(0, 1), range(4, 4), range(8, 8)] };
  t.same(imageRanges(map.imageBytes, map, [{ from: 8192, to: 12_288 }]), [
    { from: 0, to: 12_288 },
    { from: 16_384, to: 20_480 },
    { from: 32_768, to: 9 * 4096 - 5 },
  ]);
});

t.test('cut gives every byte of the ranges once, over pieces of any size', async (t) => {
  const bounds = fc
    .uniqueArray(fc.nat({ max: 1000 }), { maxLength: 12 })
    .map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(bounds, fc.integer({ min: 1, max: 300 }), (numbers, pieceSize) => {
      const ranges = [];
      for (let index = 0; index + 1 < numbers.length; index += 2)
        ranges.push({ from: numbers[index]!, to: numbers[index + 1]! });
      const parts = [];
      for (let at = 0; at < 1001; at += pieceSize)
        parts.push(...cut(ranges, { from: at, to: at + pieceSize }));
      const marks = new Uint8Array(1001);
      for (const { from, to } of parts) for (let at = from; at < to; at += 1) marks[at]! += 1;
      const wanted = new Uint8Array(1001);
      for (const { from, to } of ranges) wanted.fill(1, from, to);
      return Buffer.from(marks).equals(Buffer.from(wanted)) && sizeOf(parts) === sizeOf(ranges);
    }),
  );
  t.pass('each once');
});
