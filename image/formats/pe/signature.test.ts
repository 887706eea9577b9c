import t from 'tap';
import { addSections, readSections } from './pe.ts';
import { attachSignature, signedPieces, splitSignature } from './signature.ts';
import { smallExecutable } from './testing/small-executable.ts';

const checksumAt = 64 + 24 + 64;
const tableAt = 64 + 24 + 144;
const signature = Buffer.from('30030101ff', 'hex');

t.test('signedPieces leaves out checksum, pointer and signature', async (t) => {
  const plain = Buffer.concat(signedPieces(smallExecutable()));
  t.equal(plain.length, 1024 - 4 - 8);
  const signed = attachSignature(smallExecutable(), signature);
  t.same(Buffer.concat(signedPieces(signed)), plain, 'a signed program has the digest that was signed');
  const other = smallExecutable((view) => view.setUint32(checksumAt, 0x12345678, true));
  t.same(Buffer.concat(signedPieces(other)), plain);
  const changed = smallExecutable((view) => view.setUint8(700, 1));
  t.notSame(Buffer.concat(signedPieces(changed)), plain);
});

t.test('signedPieces fills up to whole words of eight bytes, as firmware does', async (t) => {
  const odd = Buffer.concat([smallExecutable(), Buffer.from('abc')]);
  t.equal(Buffer.concat(signedPieces(odd)).length, 1024 + 8 - 4 - 8);
});

t.test('signedPieces refuses gaps, of which firmware would not take the digest', async (t) => {
  const gap = Buffer.concat([
    smallExecutable((view) => view.setUint32(64 + 24 + 240 + 20, 1024, true)),
    Buffer.alloc(512),
  ]);
  t.throws(() => signedPieces(gap), /a gap before its section \.text/);
});

t.test('attachSignature puts the signature at the end, which splitSignature takes off again', async (t) => {
  const program = smallExecutable((view) => view.setUint32(checksumAt, 0, true));
  const signed = attachSignature(program, signature);
  const view = new DataView(signed.buffer);
  t.equal(signed.length, 1024 + 16);
  t.equal(view.getUint32(tableAt, true), 1024);
  t.equal(view.getUint32(tableAt + 4, true), 16);
  t.equal(Buffer.from(signed.subarray(1024)).toString('hex'), '100000000002020030030101ff000000');
  const buffer = Buffer.from(signed);
  const split = splitSignature(buffer);
  t.same(split.unsigned, program);
  t.equal(Buffer.from(split.signature!).subarray(0, 5).toString('hex'), '30030101ff');
  t.ok(buffer.equals(signed), 'what is read stays as it was');
  t.same(attachSignature(signed, signature), signed, 'a second one takes the place of the first');
  t.equal(splitSignature(program).signature, null);
});

t.test('splitSignature refuses one that lies elsewhere or is of another kind', async (t) => {
  const spoilt = (change: (view: DataView) => void): Uint8Array => {
    const signed = attachSignature(smallExecutable(), signature);
    change(new DataView(signed.buffer));
    return signed;
  };
  for (const [change, message] of [
    [(view: DataView) => view.setUint32(tableAt, 1016, true), /not where its header says/],
    [(view: DataView) => view.setUint32(tableAt + 4, 4000, true), /not where its header says/],
    [(view: DataView) => view.setUint16(1024 + 6, 1, true), /unknown kind/],
    [(view: DataView) => view.setUint32(1024, 400, true), /unknown kind/],
  ] as const) {
    t.throws(() => splitSignature(spoilt(change)), message);
  }
});

t.test('sections can be added, and the result signed', async (t) => {
  const program = addSections(smallExecutable(), [{ name: '.a', data: Buffer.from('text') }]);
  t.equal(readSections(attachSignature(program, signature)).length, 2);
  t.doesNotThrow(() => signedPieces(program));
});
