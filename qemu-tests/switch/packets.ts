/** The few packets that a scan of ports takes, over Ethernet and IPv4: ARP, TCP without payload, UDP without payload, ICMP. */

/** `52:54:00:00:00:01` or `169.254.1.1` as bytes. */
export function bytesOf(address: string): Buffer {
  return address.includes(':')
    ? Buffer.from(address.replaceAll(':', ''), 'hex')
    : Buffer.from(address.split('.').map(Number));
}

export interface Place {
  readonly mac: Buffer;
  readonly ip: Buffer;
}

export const tcpFlags = { syn: 0x02, reset: 0x04, synAck: 0x12 } as const;

/** What a packet says, as far as a scan cares; null for anything else. */
export type Packet =
  | { readonly kind: 'arp'; readonly isRequest: boolean; readonly sender: Place; readonly wanted: Buffer }
  | { readonly kind: 'tcp'; readonly from: Buffer; readonly port: number; readonly flags: number }
  /** A machine says that nobody listens at this port of its own. */
  | { readonly kind: 'unreachable'; readonly from: Buffer; readonly port: number };

const broadcast = Buffer.alloc(6, 0xff);
const types = { ipv4: 0x0800, arp: 0x0806 } as const;
const protocols = { icmp: 1, tcp: 6, udp: 17 } as const;

/** Asks who has an address; `target` null. Else answers that machine. */
export function encodeArp(own: Place, target: Place | null, wanted: Buffer): Buffer {
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, target === null ? 1 : 2]);
  const body = [own.mac, own.ip, target?.mac ?? Buffer.alloc(6), target?.ip ?? wanted];
  return encodeEthernet(target?.mac ?? broadcast, own.mac, types.arp, Buffer.concat([head, ...body]));
}

export function encodeTcp(
  own: Place,
  to: Place,
  ports: { readonly from: number; readonly to: number },
  flags: number,
): Buffer {
  const segment = Buffer.alloc(20);
  segment.writeUInt16BE(ports.from, 0);
  segment.writeUInt16BE(ports.to, 2);
  segment.writeUInt32BE(1, 4);
  segment.writeUInt8(5 << 4, 12);
  segment.writeUInt8(flags, 13);
  segment.writeUInt16BE(1024, 14);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader(own, to, protocols.tcp, 20), segment])), 16);
  return encodeIpv4(own, to, protocols.tcp, segment);
}

/** Without a checksum, as IPv4 allows. */
export function encodeUdp(
  own: Place,
  to: Place,
  ports: { readonly from: number; readonly to: number },
): Buffer {
  const datagram = Buffer.alloc(8);
  datagram.writeUInt16BE(ports.from, 0);
  datagram.writeUInt16BE(ports.to, 2);
  datagram.writeUInt16BE(8, 4);
  return encodeIpv4(own, to, protocols.udp, datagram);
}

export function decodePacket(frame: Buffer): Packet | null {
  if (frame.length < 34) return null;
  const type = frame.readUInt16BE(12);
  const payload = frame.subarray(14);
  if (type === types.arp && payload.length >= 28) {
    const sender = { mac: payload.subarray(8, 14), ip: payload.subarray(14, 18) };
    return {
      kind: 'arp',
      isRequest: payload.readUInt16BE(6) === 1,
      sender,
      wanted: payload.subarray(24, 28),
    };
  }
  return type === types.ipv4 ? decodeIpv4(payload) : null;
}

function decodeIpv4(packet: Buffer): Packet | null {
  const headerBytes = (packet[0]! & 0x0f) * 4;
  const from = packet.subarray(12, 16);
  const payload = packet.subarray(headerBytes);
  if (packet[9] === protocols.tcp && payload.length >= 20)
    return { kind: 'tcp', from, port: payload.readUInt16BE(0), flags: payload[13]! };
  // Port unreachable; behind its 8 bytes stands the packet that it is about, with its own header of 20.
  if (packet[9] === protocols.icmp && payload.length >= 32 && payload[0] === 3 && payload[1] === 3)
    return { kind: 'unreachable', from, port: payload.readUInt16BE(8 + 20 + 2) };
  return null;
}

function encodeIpv4(own: Place, to: Place, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + payload.length, 2);
  header[8] = 64;
  header[9] = protocol;
  own.ip.copy(header, 12);
  to.ip.copy(header, 16);
  header.writeUInt16BE(checksum(header), 10);
  return encodeEthernet(to.mac, own.mac, types.ipv4, Buffer.concat([header, payload]));
}

function encodeEthernet(destination: Buffer, source: Buffer, type: number, payload: Buffer): Buffer {
  return Buffer.concat([destination, source, Buffer.from([type >> 8, type & 0xff]), payload]);
}

function pseudoHeader(own: Place, to: Place, protocol: number, length: number): Buffer {
  return Buffer.concat([own.ip, to.ip, Buffer.from([0, protocol, length >> 8, length & 0xff])]);
}

/** RFC 1071, for an even number of bytes. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
