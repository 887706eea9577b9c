/**
 * The bytes of the log on disk. A segment file is a header and then frames, padded with zeros to its full
 * size. A frame is what one sync makes durable: a header and the records of all batches that shared it. All
 * numbers are little-endian; frames start at multiples of 8.
 */

export interface Field {
  readonly offset: number;
  readonly size: 1 | 4 | 8;
}

export const SEGMENT_MAGIC = 0x474f4c5456495254n; // "TRIVTLOG" as it stands in the file
export const FORMAT_VERSION = 1;
export const SEGMENT_HEADER_BYTES = 40;
export const segmentHeader = {
  magic: { offset: 0, size: 8 },
  version: { offset: 8, size: 4 },
  /** CRC-32 of the other bytes of this header. */
  checksum: { offset: 12, size: 4 },
  /** Rises by one from segment to segment. */
  sequence: { offset: 16, size: 8 },
  /** Random; part of every frame's checksum, so that bytes of another segment are never taken for a frame. */
  nonce: { offset: 24, size: 8 },
  reserved: { offset: 32, size: 8 },
} as const satisfies Record<string, Field>;

export const FRAME_MAGIC = 0x454d5246; // "FRME"
export const FRAME_HEADER_BYTES = 24;
export const FRAME_ALIGNMENT = 8;
export const frameHeader = {
  magic: { offset: 0, size: 4 },
  /** CRC-32 of the nonce, the frame's place in the file, the rest of this header and the payload. */
  checksum: { offset: 4, size: 4 },
  /** Rises by one from frame to frame, across segments. */
  number: { offset: 8, size: 8 },
  payloadBytes: { offset: 16, size: 4 },
  recordCount: { offset: 20, size: 4 },
} as const satisfies Record<string, Field>;

export const RECORD_HEADER_BYTES = 24;
export const recordHeader = {
  kind: { offset: 0, size: 1 },
  /** An entry's kind; for a base whether it replaces the log. */
  variant: { offset: 1, size: 1 },
  bodyBytes: { offset: 4, size: 4 },
  /** An entry's or a base's index; for a hard state the commit index. */
  index: { offset: 8, size: 8 },
  term: { offset: 16, size: 8 },
} as const satisfies Record<string, Field>;

/** Body: the entry's data; the base's configuration; the node voted for, empty if none. */
export const RecordKind = { hardState: 1, base: 2, entry: 3 } as const;
export const BaseVariant = { keepsLaterEntries: 0, replacesLog: 1 } as const;
export const EntryVariant = { command: 0, configuration: 1, empty: 2 } as const;

export function putField(bytes: Buffer, start: number, field: Field, value: number | bigint): void {
  const at = start + field.offset;
  if (field.size === 8) bytes.writeBigUInt64LE(BigInt(value), at);
  else if (field.size === 4) bytes.writeUInt32LE(Number(value), at);
  else bytes.writeUInt8(Number(value), at);
}

/** A field as a number; those of 8 bytes hold indexes, terms and counts far below 2^53. */
export function getField(bytes: Buffer, start: number, field: Field): number {
  const at = start + field.offset;
  if (field.size === 8) return Number(bytes.readBigUInt64LE(at));
  return field.size === 4 ? bytes.readUInt32LE(at) : bytes.readUInt8(at);
}

export function getWideField(bytes: Buffer, start: number, field: Field & { readonly size: 8 }): bigint {
  return bytes.readBigUInt64LE(start + field.offset);
}

export function alignUp(offset: number): number {
  return Math.ceil(offset / FRAME_ALIGNMENT) * FRAME_ALIGNMENT;
}
