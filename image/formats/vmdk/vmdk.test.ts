import { createHash } from 'node:crypto';
import t from 'tap';
import { VmdkWriter } from './vmdk.ts';

const sector = 512;

t.test('VmdkWriter writes the bytes that QEMU has read', async (t) => {
  const writer = new VmdkWriter({
    fileName: 'disk.vmdk',
    capacityBytes: 64 * 2 ** 20,
    contentId: '12345678',
  });
  const parts = [
    writer.start(),
    writer.grain(0, Buffer.alloc(600, 1)),
    writer.grain(600, Buffer.alloc(500, 2)),
    writer.end(),
  ];
  const file = Buffer.concat(parts);
  t.equal(
    file.subarray(0, 79).toString('hex'),
    [
      '4b444d5603000000010003000000020000000000',
      '80000000000000000100000000000000',
      '140000000000000000020000',
      '0000000000000000ffffffffffffffff8000000000000000',
      '000a200d0a0100',
    ].join(''),
  );
  const text = file
    .subarray(sector, sector * 21)
    .toString('latin1')
    .replace(/\0+$/, '');
  t.match(text, /CID=12345678\nparentCID=ffffffff\ncreateType="streamOptimized"\n/);
  t.match(text, /\nRW 131072 SPARSE "disk\.vmdk"\n/);
  // Grain 0 in sectors 128 and 129, its table's marker in 130 and the table in 131 to 134; grain 600 in 135.
  t.equal(file.subarray(128 * sector, 128 * sector + 13).toString('hex'), '00000000000000005802000001');
  t.equal(file.subarray(130 * sector, 130 * sector + 16).toString('hex'), '04000000000000000000000001000000');
  t.equal(file.readUInt32LE(131 * sector), 128);
  t.equal(file.subarray(135 * sector, 135 * sector + 13).toString('hex'), '002c010000000000f401000002');
  const footer = file.length - 2 * sector;
  const directory = Number(file.readBigUInt64LE(footer + 56)) * sector;
  t.equal(file.readUInt32LE(directory), 131);
  t.equal(file.readUInt32LE(directory + 4), 137);
  t.equal(file.readUInt32LE(137 * sector + (600 - 512) * 4), 135);
  t.equal(
    file.subarray(footer - sector, footer - sector + 16).toString('hex'),
    '01000000000000000000000003000000',
  );
  t.ok(
    file.subarray(-sector).every((byte) => byte === 0),
    'the end of the stream',
  );
  t.equal(
    createHash('sha256').update(file).digest('hex'),
    'ae58c6b4a4ee365e93c28b781433f49996968c48554d9b21c6f6dd425c65353b',
  );
});

t.test('VmdkWriter refuses a name that its descriptor cannot hold', async (t) => {
  const writer = new VmdkWriter({
    fileName: 'x'.repeat(10_000),
    capacityBytes: 2 ** 20,
    contentId: '12345678',
  });
  t.throws(() => writer.start(), /too long/);
});
