import t from 'tap';
import { encodeFooter, vhdSize } from './vhd.ts';

const uuid = '00112233-4455-8677-8899-aabbccddeeff';

t.test('encodeFooter writes the bytes of the specification', async (t) => {
  const footer = Buffer.from(encodeFooter({ sizeBytes: 512 * 2 ** 20, uuid, date: 1_767_225_600 }));
  t.equal(footer.length, 512);
  t.equal(
    footer.subarray(0, 85).toString('hex'),
    [
      '636f6e65637469780000000200010000ffffffffffffffff',
      // 2026-01-01, 820540800 seconds after 2000-01-01.
      '30e87580',
      '77696e20000a00005769326b',
      '00000000200000000000000020000000',
      // 1040 cylinders, 16 heads, 63 sectors.
      '0410103f00000002',
      footer.subarray(64, 68).toString('hex'),
      '00112233445586778899aabbccddeeff00',
    ].join(''),
  );
  const sum = footer.reduce((total, byte, at) => (at >= 64 && at < 68 ? total : total + byte), 0);
  t.equal(footer.readUInt32BE(64), ~sum >>> 0, 'the complement of the sum of the other bytes');
  t.ok(footer.subarray(85).every((byte) => byte === 0));
});

t.test('encodeFooter gives the geometry that the specification computes', async (t) => {
  const geometry = (mebibytes: number): number[] => {
    const footer = Buffer.from(encodeFooter({ sizeBytes: mebibytes * 2 ** 20, uuid, date: 1e9 }));
    return [footer.readUInt16BE(56), footer[58]!, footer[59]!];
  };
  // From QEMU's table of what Virtual PC makes of these sizes, and its limit.
  t.same(geometry(1), [30, 4, 17]);
  t.same(geometry(40), [963, 5, 17]);
  t.same(geometry(200), [825, 16, 31]);
  t.same(geometry(4096), [8322, 16, 63]);
  t.same(geometry(2 ** 21), [65535, 16, 255]);
});

t.test('vhdSize rounds up to whole mebibytes', async (t) => {
  t.equal(vhdSize(2 ** 20), 2 ** 20);
  t.equal(vhdSize(2 ** 20 + 1), 2 ** 21);
});
