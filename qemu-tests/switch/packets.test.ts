import fc from 'fast-check';
import t from 'tap';
import { bytesOf, decodePacket, encodeArp, encodeTcp, encodeUdp, tcpFlags } from './packets.ts';

const own = { mac: bytesOf('52:54:00:ff:00:01'), ip: bytesOf('10.77.8.1') };
const to = { mac: bytesOf('52:54:00:00:00:01'), ip: bytesOf('10.77.0.1') };

/** The sum of all 16-bit words, carries added: 0xffff over what holds its own checksum (RFC 1071). */
function sum(bytes: Buffer): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += 2) total += bytes.readUInt16BE(at);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

t.test('encodeTcp makes a segment that Linux takes: both checksums hold', async (t) => {
  const frame = encodeTcp(own, to, { from: 40_000, to: 7443 }, tcpFlags.syn);
  const header = frame.subarray(14, 34);
  const segment = frame.subarray(34);
  t.equal(sum(header), 0xffff);
  const pseudo = Buffer.concat([own.ip, to.ip, Buffer.from([0, 6, 0, segment.length])]);
  t.equal(sum(Buffer.concat([pseudo, segment])), 0xffff);
  t.match(decodePacket(frame), { kind: 'tcp', from: own.ip, port: 40_000, flags: tcpFlags.syn });
});

t.test('decodePacket reads who asks for an address, and who says that nobody listens', async (t) => {
  const asked = decodePacket(encodeArp(own, null, to.ip));
  t.match(asked, { kind: 'arp', isRequest: true, sender: own, wanted: to.ip });
  t.match(decodePacket(encodeArp(own, to, to.ip)), { kind: 'arp', isRequest: false });
  // An answer quotes the packet that it is about, from its IPv4 header on.
  const quoted = encodeUdp(own, to, { from: 40_000, to: 5353 }).subarray(14);
  const packet = Buffer.concat([Buffer.alloc(20), Buffer.from([3, 3, 0, 0, 0, 0, 0, 0]), quoted]);
  packet[0] = 0x45;
  packet[9] = 1;
  to.ip.copy(packet, 12);
  const frame = Buffer.concat([Buffer.alloc(12), Buffer.from([8, 0]), packet]);
  t.match(decodePacket(frame), { kind: 'unreachable', from: to.ip, port: 5353 });
});

t.test('decodePacket takes any bytes', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      decodePacket(Buffer.from(bytes));
    }),
  );
  t.equal(decodePacket(Buffer.alloc(10)), null);
});
