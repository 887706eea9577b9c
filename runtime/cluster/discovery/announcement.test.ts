import { type Answer, decode, encode, type Packet } from 'dns-packet';
import fc from 'fast-check';
import t from 'tap';
import type { NodeId } from '../../raft/types.ts';
import { encodeAnnouncement, encodeQuestion, packetLimitBytes, readPacket } from './announcement.ts';

const id = '00112233aabbccdd' as NodeId;
const own = { id, clusterName: 'shop', port: 7443 };
const name = `${id}._trivet._tcp.local`;
const ttl = 120;
const srv: Answer = { name, type: 'SRV', ttl, data: { port: 7443, target: 'x.local' } };
const txt: Answer = { name, type: 'TXT', ttl, data: [`id=${id}`, 'cluster=shop'] };

function read(answers: Answer[], more: Partial<Packet> = {}) {
  return readPacket(encode({ type: 'response', answers, ...more }));
}

t.test('readPacket reads what encodeAnnouncement wrote', async (t) => {
  const addresses = { ipv4: ['192.0.2.1'], ipv6: ['fe80::1', '2001:db8::1'] };
  t.same(readPacket(encodeAnnouncement(own, addresses)), { kind: 'announcement', announcement: own });
});

t.test('an announcement fits a packet, however many addresses a link has', async (t) => {
  const ipv4 = Array.from({ length: 200 }, (_, i) => `192.0.2.${i}`);
  const ipv6 = Array.from(
    { length: 200 },
    (_, i) => `2001:db8:1111:2222:3333:4444:5555:${(4096 + i).toString(16)}`,
  );
  const bytes = encodeAnnouncement({ ...own, clusterName: 'x'.repeat(63) }, { ipv4, ipv6 });
  t.ok(bytes.length <= packetLimitBytes, `${bytes.length} bytes`);
  t.equal(readPacket(bytes)?.kind, 'announcement');
});

t.test('readPacket reads the question, and who need not answer it', async (t) => {
  t.same(readPacket(encodeQuestion(id)), { kind: 'question', known: [id] });
  const foreign = encode({ type: 'query', questions: [{ name: '_trivet._tcp.local', type: 'PTR' }] });
  t.same(readPacket(foreign), { kind: 'question', known: [] });
  t.equal(readPacket(encode({ type: 'query', questions: [{ name: '_ipp._tcp.local', type: 'PTR' }] })), null);
});

t.test('readPacket takes nothing from what is not ours or makes no sense', async (t) => {
  t.equal(read([srv, txt])?.kind, 'announcement', 'the whole one is taken');
  t.equal(read([]), null);
  t.equal(read([srv]), null);
  t.equal(read([txt]), null);
  t.equal(read([{ ...srv, name: 'printer._ipp._tcp.local' }, txt]), null);
  t.equal(read([{ ...srv, data: { port: 0, target: 'x' } }, txt]), null);
  t.equal(read([srv, { ...txt, data: ['id=../../etc', 'cluster=shop'] }]), null);
  t.equal(read([srv, { ...txt, data: ['id=ffffffffffffffff', 'cluster=shop'] }]), null, 'two ids');
  t.equal(read([{ ...srv, ttl: 0 }, txt]), null, 'a farewell');
  t.equal(read([srv, txt], { flags: 1 << 11 }), null, 'another operation');
});

t.test('readPacket does not decode what claims more than a packet of ours holds', async (t) => {
  const bytes = encodeAnnouncement(own, { ipv4: [], ipv6: [] });
  const claiming = Buffer.from(bytes);
  claiming.writeUInt16BE(0xffff, 10);
  t.equal(readPacket(claiming), null);
  t.equal(readPacket(Buffer.concat([bytes, Buffer.alloc(packetLimitBytes)])), null, 'too long');
});

t.test('readPacket never throws, whatever bytes come', async () => {
  const real = encodeAnnouncement(own, { ipv4: ['192.0.2.1'], ipv6: ['fe80::1'] });
  const flips = fc.array(fc.tuple(fc.nat(real.length - 1), fc.nat(255)), { maxLength: 20 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1600 }), (bytes) => {
      readPacket(bytes);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(flips, fc.nat(real.length), (changes, length) => {
      const bytes = Uint8Array.from(real);
      for (const [at, value] of changes) bytes[at] = value;
      const found = readPacket(bytes.subarray(0, length));
      if (found?.kind !== 'announcement') return true;
      const { port, id: read } = found.announcement;
      return port >= 1 && port <= 65535 && /^[0-9a-f]{16}$/.test(read);
    }),
    { numRuns: 5000 },
  );
});

t.test('readPacket takes nothing invalid from records of any content', async () => {
  const names = fc.constantFrom(
    name,
    '_trivet._tcp.local',
    'ffffffffffffffff._trivet._tcp.local',
    'x.local',
    '.',
  );
  const texts = fc.array(
    fc.oneof(
      fc.constantFrom(`id=${id}`, 'cluster=shop', 'id=', 'cluster', '=', `id=ffffffffffffffff`),
      fc.string({ maxLength: 60 }),
    ),
    { maxLength: 20 },
  );
  const seconds = fc.constantFrom(0, 1, 120);
  const record: fc.Arbitrary<Answer> = fc.oneof(
    fc
      .tuple(names, seconds, fc.nat(65535), names)
      .map(
        ([of, time, port, target]): Answer => ({ name: of, type: 'SRV', ttl: time, data: { port, target } }),
      ),
    fc
      .tuple(names, seconds, texts)
      .map(([of, time, data]): Answer => ({ name: of, type: 'TXT', ttl: time, data })),
    fc.tuple(names, names).map(([of, data]): Answer => ({ name: of, type: 'PTR', ttl, data })),
    fc.tuple(names, fc.ipV4()).map(([of, data]): Answer => ({ name: of, type: 'A', ttl, data })),
  );
  let found = 0;
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 8 }),
      fc.array(record, { maxLength: 4 }),
      (answers, additionals) => {
        const packet = read(answers, { additionals });
        if (packet === null) return true;
        if (packet.kind !== 'announcement') return false;
        found += 1;
        const { announcement } = packet;
        const said = [...answers, ...additionals].some(
          (each) =>
            each.type === 'SRV' &&
            each.data.port === announcement.port &&
            each.name.startsWith(announcement.id),
        );
        return said && announcement.port > 0;
      },
    ),
    { numRuns: 5000 },
  );
  t.ok(found > 0, `${found} of them were announcements`);
});

t.test('names that point at names that point at names are read in a moment', async (t) => {
  // One record of unknown type whose data are pointers, each at the one before; then records named by the last.
  const bytes = Buffer.alloc(packetLimitBytes);
  const records = 32;
  const pointersAt = 12 + 11;
  const pointers = 150;
  bytes.writeUInt16BE(0x8400, 2);
  bytes.writeUInt16BE(records, 6);
  bytes.writeUInt16BE(0xfff0, 13);
  bytes.writeUInt16BE(2 * pointers, 21);
  for (let i = 0; i < pointers; i += 1)
    bytes.writeUInt16BE(0xc000 + (i === 0 ? 12 : pointersAt + 2 * (i - 1)), pointersAt + 2 * i);
  for (let i = 0; i < records - 1; i += 1) {
    const at = pointersAt + 2 * pointers + 12 * i;
    bytes.writeUInt16BE(0xc000 + pointersAt + 2 * (pointers - 1), at);
    bytes.writeUInt16BE(0xfff0, at + 2);
  }
  t.equal(decode(bytes).answers?.length, records, 'the decoder reads it to its end');
  const startedAt = performance.now();
  for (let i = 0; i < 200; i += 1) readPacket(bytes);
  const milliseconds = performance.now() - startedAt;
  t.ok(milliseconds < 500, `${milliseconds.toFixed(0)} ms for as many as are taken in a second`);
  bytes.fill(0xc1, 1_200, 1_300);
  t.equal(readPacket(bytes), null);
});
