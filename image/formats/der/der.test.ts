import t from 'tap';
import { decodeChildren, decodeDer, encodeContext, encodeDer, encodeObjectIdentifier, tag } from './der.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

t.test('encodeObjectIdentifier gives the bytes that the standards print', async (t) => {
  t.equal(hex(encodeObjectIdentifier('1.2.840.113549.1.7.2')), '06092a864886f70d010702');
  t.equal(hex(encodeObjectIdentifier('1.3.6.1.4.1.311.2.1.4')), '060a2b060104018237020104');
  t.equal(hex(encodeObjectIdentifier('2.16.840.1.101.3.4.2.1')), '0609608648016503040201');
});

t.test('encodeDer writes short and long lengths, which decodeDer reads', async (t) => {
  for (const [length, head] of [
    [0, '0400'],
    [127, '047f'],
    [128, '048180'],
    [256, '04820100'],
    [70_000, '0483011170'],
  ] as const) {
    const element = encodeDer(tag.octetString, new Uint8Array(length));
    t.equal(hex(element.subarray(0, head.length / 2)), head);
    const read = decodeDer(Buffer.concat([element, Buffer.from('rest')]));
    t.equal(read.content.length, length);
    t.equal(read.whole.length, element.length);
  }
});

t.test('decodeChildren takes a sequence apart', async (t) => {
  const whole = encodeDer(tag.sequence, encodeDer(tag.null), encodeContext(1, encodeDer(tag.null)));
  t.same(
    decodeChildren(decodeDer(whole).content).map((child) => [child.tag, hex(child.content)]),
    [
      [0x05, ''],
      [0xa1, '0500'],
    ],
  );
});

t.test('decodeDer refuses what ends too early and lengths that DER has not', async (t) => {
  for (const text of ['', '30', '3005', '308005', '30820100', '3085000000000100']) {
    t.throws(() => decodeDer(Buffer.from(text, 'hex')), RangeError, text);
  }
});
