import fc from 'fast-check';
import t from 'tap';
import { ByteReader, BytesError, ByteWriter } from './bytes.ts';

t.test('whole numbers, bytes, texts and ids come back as they were', (t) => {
  const whole = fc.maxSafeNat();
  const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString(16).padStart(16, '0'));
  fc.assert(
    fc.property(
      whole,
      fc.uint8Array(),
      fc.string({ unit: 'grapheme' }),
      id,
      fc.boolean(),
      (n, b, s, i, f) => {
        const bytes = new ByteWriter().whole(n).bytes(b).text(s).id(i).flag(f).finish();
        const reader = new ByteReader(bytes);
        t.equal(reader.whole(), n);
        t.same(Buffer.from(reader.bytes()), Buffer.from(b));
        t.equal(reader.text(), s);
        t.equal(reader.id(), i);
        t.equal(reader.flag(), f);
        reader.end();
      },
    ),
    { numRuns: 200 },
  );
  t.end();
});

t.test('numbers that are not whole are refused before they are written', (t) => {
  for (const value of [-1, 0.5, Number.NaN, 2 ** 53])
    t.throws(() => new ByteWriter().whole(value), BytesError);
  t.throws(() => new ByteWriter().id('xyz'), BytesError);
  t.end();
});

t.test('any bytes are read or refused, and nothing else happens', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      for (const read of [
        (reader: ByteReader) => reader.whole(),
        (reader: ByteReader) => reader.bytes(),
        (reader: ByteReader) => reader.list(() => reader.whole()),
        (reader: ByteReader) => reader.id(),
        (reader: ByteReader) => reader.flag(),
      ]) {
        try {
          read(new ByteReader(bytes));
        } catch (error) {
          if (!(error instanceof BytesError)) throw error;
        }
      }
    }),
    { numRuns: 500 },
  );
  t.pass('no other error came');
  t.throws(() => new ByteReader(new Uint8Array(9).fill(0xff)).whole(), BytesError);
  t.throws(() => new ByteReader(new Uint8Array([0xff, 0xff, 0xff, 0x0f])).list(() => 1), BytesError);
  t.end();
});
