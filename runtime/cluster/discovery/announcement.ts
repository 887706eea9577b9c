/**
 * The announcement of a node in multicast DNS service discovery (RFC 6762, 6763): `_trivet._tcp.local` in packets.
 * Pure. What comes in is from anybody: it is decoded, checked, and everything that is not exactly ours is null.
 */
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode } from 'dns-packet';
import * as z from 'zod';
import type { NodeId } from '../../raft/types.ts';

const service = '_trivet._tcp.local';
/** For who else listens; our own nodes count for themselves (`candidates.ts`). */
const timeToLiveSeconds = 120;
/** Ours have some 300 bytes, and a few hundred more where there are many addresses. */
export const packetLimitBytes = 1_472;
/** Records in a packet, of all kinds: the decoder makes room for as many as the header claims. */
const mostRecords = 32;
/** Of a link with more, the others are not said. */
const mostAddresses = 8;
const headerBytes = 12;
/**
 * A name may point at a name that points at a name: a packet of nothing but pointers takes milliseconds to decode. Each
 * begins with such a byte; names and addresses have few of them.
 */
const pointerByte = 0xc0;
const mostPointerBytes = 160;

export interface Announcement {
  readonly id: NodeId;
  readonly clusterName: string;
  readonly port: number;
}

/** The addresses of the link that it is said on, so that a foreign browser finds the machine too. */
export interface LinkAddresses {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
}

export type HeardPacket =
  /** `known` is who the asker knows already, and who need not answer (RFC 6762, 7.1). */
  | { readonly kind: 'question'; readonly known: readonly NodeId[] }
  | { readonly kind: 'announcement'; readonly announcement: Announcement };

const instancePattern = new RegExp(`^([0-9a-f]{16})\\.${service.replaceAll('.', '\\.')}$`);

const srvSchema = z.object({
  type: z.literal('SRV'),
  name: z.string().regex(instancePattern),
  // Zero is a farewell.
  ttl: z.int().min(1),
  data: z.object({ port: z.int().min(1).max(65535) }),
});
const txtSchema = z.object({
  type: z.literal('TXT'),
  name: z.string().regex(instancePattern),
  data: z.array(z.instanceof(Uint8Array)).max(16),
});

/** The question who else is there. */
export function encodeQuestion(own: NodeId): Uint8Array {
  const known: Answer = { name: service, type: 'PTR', ttl: timeToLiveSeconds, data: `${own}.${service}` };
  return encode({ type: 'query', questions: [{ name: service, type: 'PTR' }], answers: [known] });
}

export function encodeAnnouncement(own: Announcement, addresses: LinkAddresses): Uint8Array {
  const instance = `${own.id}.${service}`;
  const target = `trivet-${own.id}.local`;
  const ttl = timeToLiveSeconds;
  const answers: Answer[] = [
    { name: service, type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, data: { port: own.port, target } },
    { name: instance, type: 'TXT', ttl, data: [`id=${own.id}`, `cluster=${own.clusterName}`] },
  ];
  const additionals: Answer[] = [
    ...addresses.ipv4.slice(0, mostAddresses).map((data): Answer => ({ name: target, type: 'A', ttl, data })),
    ...addresses.ipv6
      .slice(0, mostAddresses)
      .map((data): Answer => ({ name: target, type: 'AAAA', ttl, data })),
  ];
  return encode({ type: 'response', flags: AUTHORITATIVE_ANSWER, answers, additionals });
}

/** Reads a packet from the network; null for everything that is not for us. */
export function readPacket(bytes: Uint8Array): HeardPacket | null {
  if (!isPlausible(bytes)) return null;
  let packet: ReturnType<typeof decode>;
  try {
    packet = decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return null;
  }
  if (packet.type === 'query') {
    const asked = packet.questions?.some(({ name, type }) => name === service && type === 'PTR') ?? false;
    return asked ? { kind: 'question', known: readKnown(packet.answers ?? []) } : null;
  }
  const announcement = readAnnouncement([...(packet.answers ?? []), ...(packet.additionals ?? [])]);
  return announcement && { kind: 'announcement', announcement };
}

/** A question or an answer (operation code 0) of a sensible size. */
function isPlausible(bytes: Uint8Array): boolean {
  if (bytes.length < headerBytes || bytes.length > packetLimitBytes) return false;
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const records = [4, 6, 8, 10].reduce((sum, offset) => sum + header.getUint16(offset), 0);
  const pointers = bytes.reduce((count, byte) => (byte >= pointerByte ? count + 1 : count), 0);
  return (header.getUint8(2) & 0x78) === 0 && records <= mostRecords && pointers <= mostPointerBytes;
}

function readKnown(records: readonly Answer[]): NodeId[] {
  return records.flatMap((record) => {
    const id = record.type === 'PTR' ? instancePattern.exec(record.data)?.[1] : undefined;
    return id === undefined ? [] : [id as NodeId];
  });
}

function readAnnouncement(records: readonly unknown[]): Announcement | null {
  const srv = firstOf(srvSchema, records);
  const txt = firstOf(txtSchema, records);
  if (srv === null || txt === null || srv.name !== txt.name) return null;
  const fields = readFields(txt.data);
  const id = instancePattern.exec(srv.name)?.[1];
  const clusterName = fields.get('cluster');
  if (id === undefined || fields.get('id') !== id || clusterName === undefined) return null;
  return { id: id as NodeId, clusterName, port: srv.data.port };
}

function firstOf<Schema extends z.ZodType>(
  schema: Schema,
  records: readonly unknown[],
): z.infer<Schema> | null {
  for (const record of records) {
    const parsed = schema.safeParse(record);
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** `key=value`; of several with one key the first counts (RFC 6763, 6.4). */
function readFields(parts: readonly Uint8Array[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const part of parts) {
    const text = Buffer.from(part).toString('utf8');
    const at = text.indexOf('=');
    if (at > 0 && !fields.has(text.slice(0, at))) fields.set(text.slice(0, at), text.slice(at + 1));
  }
  return fields;
}
