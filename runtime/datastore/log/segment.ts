/**
 * A segment file as bytes: its header, and the frames in it. A frame's checksum covers its place and the
 * segment's nonce, so that data which happens to look like a frame is not taken for one.
 */
import { crc32 } from 'node:zlib';
import {
  alignUp,
  FORMAT_VERSION,
  FRAME_ALIGNMENT,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  frameHeader,
  getField,
  getWideField,
  putField,
  SEGMENT_HEADER_BYTES,
  SEGMENT_MAGIC,
  segmentHeader,
} from './layout.ts';
import { decodeRecords, encodeRecord, type LogRecord } from './records.ts';

export interface SegmentHeader {
  readonly sequence: number;
  readonly nonce: bigint;
}

export interface Frame {
  readonly number: number;
  readonly records: readonly LogRecord[];
  /** Where the next frame starts. */
  readonly end: number;
}

export type HeaderResult =
  | { readonly kind: 'ok'; readonly header: SegmentHeader }
  | { readonly kind: 'otherVersion'; readonly version: number }
  | { readonly kind: 'bad' };

export function encodeSegmentHeader({ sequence, nonce }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  putField(bytes, 0, segmentHeader.magic, SEGMENT_MAGIC);
  putField(bytes, 0, segmentHeader.version, FORMAT_VERSION);
  putField(bytes, 0, segmentHeader.sequence, sequence);
  putField(bytes, 0, segmentHeader.nonce, nonce);
  putField(bytes, 0, segmentHeader.checksum, crc32(bytes));
  return bytes;
}

export function decodeSegmentHeader(segment: Buffer): HeaderResult {
  if (segment.length < SEGMENT_HEADER_BYTES) return { kind: 'bad' };
  const bytes = Buffer.from(segment.subarray(0, SEGMENT_HEADER_BYTES));
  if (getWideField(bytes, 0, segmentHeader.magic) !== SEGMENT_MAGIC) return { kind: 'bad' };
  const checksum = getField(bytes, 0, segmentHeader.checksum);
  putField(bytes, 0, segmentHeader.checksum, 0);
  if (crc32(bytes) !== checksum) return { kind: 'bad' };
  const version = getField(bytes, 0, segmentHeader.version);
  if (version !== FORMAT_VERSION) return { kind: 'otherVersion', version };
  const sequence = getField(bytes, 0, segmentHeader.sequence);
  return { kind: 'ok', header: { sequence, nonce: getWideField(bytes, 0, segmentHeader.nonce) } };
}

/** The frame for these records at this place in the segment, padded so that the next one is aligned. */
export function encodeFrame(
  nonce: bigint,
  place: number,
  number: number,
  records: readonly LogRecord[],
): Buffer {
  const bodies = records.map(encodeRecord);
  const payloadBytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const bytes = Buffer.alloc(alignUp(FRAME_HEADER_BYTES + payloadBytes));
  putField(bytes, 0, frameHeader.magic, FRAME_MAGIC);
  putField(bytes, 0, frameHeader.number, number);
  putField(bytes, 0, frameHeader.payloadBytes, payloadBytes);
  putField(bytes, 0, frameHeader.recordCount, records.length);
  let offset = FRAME_HEADER_BYTES;
  for (const body of bodies) {
    bytes.set(body, offset);
    offset += body.length;
  }
  const checked = bytes.subarray(0, FRAME_HEADER_BYTES + payloadBytes);
  putField(bytes, 0, frameHeader.checksum, frameChecksum(nonce, place, checked));
  return bytes;
}

/** The frame at this place, or null if there is no good one. */
export function decodeFrame(segment: Buffer, nonce: bigint, place: number): Frame | null {
  if (place + FRAME_HEADER_BYTES > segment.length) return null;
  if (getField(segment, place, frameHeader.magic) !== FRAME_MAGIC) return null;
  const payloadBytes = getField(segment, place, frameHeader.payloadBytes);
  const payloadEnd = place + FRAME_HEADER_BYTES + payloadBytes;
  if (payloadEnd > segment.length) return null;
  const checksum = getField(segment, place, frameHeader.checksum);
  if (frameChecksum(nonce, place, segment.subarray(place, payloadEnd)) !== checksum) return null;
  const payload = segment.subarray(place + FRAME_HEADER_BYTES, payloadEnd);
  const records = decodeRecords(payload, getField(segment, place, frameHeader.recordCount));
  if (records === null) return null;
  return { number: getField(segment, place, frameHeader.number), records, end: alignUp(payloadEnd) };
}

/** The first good frame at or after this place, or null. */
export function findFrame(segment: Buffer, nonce: bigint, from: number): Frame | null {
  const magic = Buffer.alloc(4);
  magic.writeUInt32LE(FRAME_MAGIC);
  for (let at = segment.indexOf(magic, from); at !== -1; at = segment.indexOf(magic, at + 1)) {
    if (at % FRAME_ALIGNMENT !== 0) continue;
    const frame = decodeFrame(segment, nonce, at);
    if (frame !== null) return frame;
  }
  return null;
}

function frameChecksum(nonce: bigint, place: number, bytes: Buffer): number {
  const seed = Buffer.alloc(16);
  seed.writeBigUInt64LE(nonce, 0);
  seed.writeBigUInt64LE(BigInt(place), 8);
  const { offset, size } = frameHeader.checksum;
  const before = crc32(bytes.subarray(0, offset), crc32(seed));
  return crc32(bytes.subarray(offset + size), before);
}
