import t from 'tap';
import { addressesOf, encodeFrame, FrameReader, isGroupAddress, longestFrameBytes } from './frames.ts';

const frame = Buffer.from('ffffffffffff5254000000010806cafe', 'hex');

t.test('encodeFrame puts the length before the frame', async (t) => {
  t.equal(encodeFrame(frame).toString('hex'), `00000010${frame.toString('hex')}`);
});

t.test('FrameReader finds frames however the stream is cut', async (t) => {
  const stream = Buffer.concat([encodeFrame(frame), encodeFrame(frame), encodeFrame(frame)]);
  for (let size = 1; size <= stream.length; size += 1) {
    const reader = new FrameReader();
    const found: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size)
      found.push(...reader.push(stream.subarray(at, at + size)));
    t.equal(Buffer.concat(found).compare(stream), 0, `in pieces of ${size}`);
    t.equal(found.length, 3);
  }
});

t.test('FrameReader refuses a length that no frame has', async (t) => {
  const giant = Buffer.alloc(4);
  giant.writeUInt32BE(longestFrameBytes + 1);
  t.throws(() => new FrameReader().push(giant), { name: 'FrameError', code: 'badLength' });
  t.throws(() => new FrameReader().push(Buffer.from([0, 0, 0, 13])), { name: 'FrameError' });
});

t.test('addressesOf and isGroupAddress read an Ethernet header', async (t) => {
  const { destination, source } = addressesOf(encodeFrame(frame));
  t.equal(destination, 'ffffffffffff');
  t.equal(source, '525400000001');
  t.equal(isGroupAddress(destination), true);
  t.equal(isGroupAddress('01005e0000fb'), true);
  t.equal(isGroupAddress(source), false);
});
