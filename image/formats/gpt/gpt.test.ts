import { createHash } from 'node:crypto';
import t from 'tap';
import { decodeTable, encodeTable, guidBytes, guidText, type PartitionTable } from './gpt.ts';

const table: PartitionTable = {
  diskGuid: '11111111-2222-4333-8444-555555555555',
  partitions: [
    {
      name: 'esp',
      type: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
      guid: '11111111-2222-4333-8444-555555555501',
      firstLba: 2048,
      sectors: 4096,
    },
    {
      name: 'root-a',
      type: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
      guid: '11111111-2222-4333-8444-555555555502',
      firstLba: 6144,
      sectors: 8192,
    },
  ],
};
const diskSectors = 16384;

t.test('encodeTable writes the bytes that sgdisk -v has found good', async (t) => {
  const { primary, backup } = encodeTable(table, diskSectors);
  t.equal(primary.length, 34 * 512);
  t.equal(backup.length, 33 * 512);
  t.equal(
    Buffer.from(primary.subarray(446, 462)).toString('hex'),
    '00000200eeffffff01000000ff3f0000',
    'the protective entry',
  );
  t.equal(
    Buffer.from(primary.subarray(512, 512 + 92)).toString('hex'),
    [
      '4546492050415254000001005c000000',
      Buffer.from(primary.subarray(528, 532)).toString('hex'),
      '00000000',
      '0100000000000000ff3f000000000000',
      '2200000000000000de3f000000000000',
      '11111111222233438444555555555555',
      '02000000000000008000000080000000',
      Buffer.from(primary.subarray(600, 604)).toString('hex'),
    ].join(''),
  );
  const entry = Buffer.from(primary.subarray(1024, 1024 + 64)).toString('hex');
  t.equal(
    entry,
    '28732ac11ff8d211ba4b00a0c93ec93b11111111222233438444555555555501' +
      '0008000000000000ff170000000000000000000000000000650073007000' +
      '0000',
  );
  const digest = createHash('sha256').update(primary).update(backup).digest('hex');
  t.equal(digest, '9253df78130bbd9e6dcfbd70310bf7c991aa1dca1472d180a2c503aa59c55547');
});

t.test('decodeTable reads what encodeTable wrote', async (t) => {
  const start = Buffer.from(encodeTable(table, diskSectors).primary);
  const before = Buffer.from(start);
  t.same(decodeTable(start), table);
  t.ok(start.equals(before), 'and leaves it as it is');
});

t.test('decodeTable leaves what it reads as it was', async (t) => {
  const primary = Buffer.from(encodeTable(table, diskSectors).primary);
  decodeTable(primary);
  t.ok(primary.equals(encodeTable(table, diskSectors).primary));
});

t.test('decodeTable refuses a table in which a bit has flipped', async (t) => {
  for (const [at, message] of [
    [512, /no GUID partition table/],
    [512 + 60, /header is damaged/],
    [1024 + 130, /entries are damaged/],
  ] as const) {
    const damaged = Buffer.from(encodeTable(table, diskSectors).primary);
    damaged[at]! ^= 1;
    t.throws(() => decodeTable(damaged), message);
  }
  t.throws(() => decodeTable(new Uint8Array(512)), /too short/);
});

t.test('encodeTable refuses partitions that overlap or do not fit', async (t) => {
  const [first, second] = table.partitions as [(typeof table.partitions)[0], (typeof table.partitions)[0]];
  const overlapping = { ...table, partitions: [first, { ...second, firstLba: 4000 }] };
  t.throws(() => encodeTable(overlapping, diskSectors), /root-a overlaps/);
  t.throws(() => encodeTable(table, 14336 + 10), /beyond the end/);
});

t.test('guidText undoes guidBytes', async (t) => {
  const guid = '00112233-4455-6677-8899-aabbccddeeff';
  t.equal(Buffer.from(guidBytes(guid)).toString('hex'), '33221100554477668899aabbccddeeff');
  t.equal(guidText(guidBytes(guid)), guid);
  t.throws(() => guidBytes('no'), /no GUID/);
});
