import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { type BlockMap, decodeBmap, encodeBmap } from './bmap.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const map: BlockMap = {
  imageBytes: 10 * 4096 - 5,
  blockSize: 4096,
  ranges: [
    { firstBlock: 0, lastBlock: 3, sha256: 'ab'.repeat(32) },
    { firstBlock: 9, lastBlock: 9, sha256: 'cd'.repeat(32) },
  ],
};

t.test('encodeBmap writes the elements that bmaptool reads', async (t) => {
  const text = encodeBmap(map, sha256);
  const digest = 'abab'.repeat(16);
  t.match(
    text,
    /<ImageSize> 40955 <\/ImageSize>\n {4}<BlockSize> 4096 <\/BlockSize>\n {4}<BlocksCount> 10 </,
  );
  t.match(text, '<MappedBlocksCount> 5 </MappedBlocksCount>');
  t.match(text, `<Range chksum="${digest}"> 0-3 </Range>\n`);
  t.match(text, / 9 <\/Range>/);
  const own = /<BmapFileChecksum> (\w+) </.exec(text)?.[1] ?? '';
  t.equal(own, sha256(text.replace(own, '0'.repeat(64))));
});

t.test('decodeBmap reads what encodeBmap wrote', async () => {
  const ranges = fc
    .uniqueArray(fc.nat({ max: 1000 }), { maxLength: 20 })
    .map((numbers) => numbers.sort((a, b) => a - b))
    .map((numbers) =>
      Array.from({ length: Math.floor(numbers.length / 2) }, (_, index) => ({
        firstBlock: numbers[2 * index]!,
        lastBlock: numbers[2 * index + 1]!,
        sha256: sha256(String(index)),
      })),
    );
  fc.assert(
    fc.property(ranges, (some) => {
      const one = { imageBytes: 1001 * 4096, blockSize: 4096, ranges: some };
      t.same(decodeBmap(encodeBmap(one, sha256), sha256), one);
    }),
    { numRuns: 50 },
  );
});

t.test('decodeBmap refuses what it cannot trust', async (t) => {
  const text = encodeBmap(map, sha256);
  const sealed = (changed: string): string => {
    const own = /<BmapFileChecksum> (\w+) </.exec(changed)?.[1] ?? '';
    return changed.replace(own, sha256(changed.replace(own, '0'.repeat(64))));
  };
  t.throws(() => decodeBmap(text.replace(' 0-3 ', ' 0-2 '), sha256), /damaged/);
  t.throws(() => decodeBmap(sealed(text.replace(' 0-3 ', ' 0-2 ')), sha256), /have 4 blocks.*have 5/);
  t.throws(() => decodeBmap(sealed(text.replace(' 9 <', ' 3 <')), sha256), /range 3-3 overlaps/);
  t.throws(() => decodeBmap(sealed(text.replace(' 9 <', ' 10 <')), sha256), /outside the image/);
  t.throws(() => decodeBmap(text.replace('"2.0"', '"1.3"'), sha256), /version 1\.3/);
  t.throws(() => decodeBmap('<html>', sha256), /no block map/);
  t.throws(() => decodeBmap(text.slice(0, 300), sha256), /lacks/);
});
