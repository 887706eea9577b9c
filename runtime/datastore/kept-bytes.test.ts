import t from 'tap';
import { KeptBytes } from './kept-bytes.ts';

t.test('KeptBytes copies, and shares memory among what is kept only', async (t) => {
  const kept = new KeptBytes();
  const pieces = Array.from({ length: 1000 }, (_, index) => Buffer.from(`piece ${index}`));
  const copies = pieces.map((piece) => kept.keep(piece));
  for (const piece of pieces) piece.fill(0);
  t.same(
    copies.map((copy) => Buffer.from(copy).toString()),
    pieces.map((_, index) => `piece ${index}`),
  );
  t.equal(new Set(copies.map(({ buffer }) => buffer)).size, 1);
});

t.test('KeptBytes gives large bytes memory of their own', async (t) => {
  const kept = new KeptBytes();
  const large = Buffer.alloc(100_000, 1);
  const copy = kept.keep(large);
  t.equal(copy.buffer.byteLength, large.length);
  t.equal(Buffer.compare(copy, large), 0);
});
