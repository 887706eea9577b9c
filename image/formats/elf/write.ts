/** Changes of an ELF file in place: another table of segments, another entry point, no table of sections. */
import { decodeRecord, encodeRecord } from '../struct.ts';
import type { Segment } from './file.ts';
import * as layout from './layout.ts';

/** A table of segments as bytes. */
export function encodeSegments(segments: readonly Segment[]): Uint8Array {
  const table = new Uint8Array(segments.length * layout.programHeaderSize);
  for (const [index, segment] of segments.entries()) {
    const record = encodeRecord(layout.programHeader, layout.programHeaderSize, {
      type: segment.type,
      flags: segment.flags,
      fileOffset: BigInt(segment.fileOffset),
      virtualAddress: BigInt(segment.address),
      physicalAddress: BigInt(segment.address),
      fileSize: BigInt(segment.fileSize),
      memorySize: BigInt(segment.memorySize),
      alignment: BigInt(segment.alignment),
    });
    table.set(record, index * layout.programHeaderSize);
  }
  return table;
}

export interface HeaderChange {
  readonly entry: number;
  readonly segments: readonly Segment[];
}

/**
 * Writes the segments where the table of segments was, sets the entry point, and forgets the table of sections, which
 * no loader reads. Whether the table has room is the caller's to know: what follows it is overwritten.
 */
export function rewriteHeaders(bytes: Uint8Array, change: HeaderChange): void {
  const header = decodeRecord(layout.fileHeader, bytes);
  const changed = encodeRecord(layout.fileHeader, layout.fileHeaderSize, {
    ...header,
    entry: BigInt(change.entry),
    programHeaderCount: change.segments.length,
    sectionHeaderOffset: 0n,
    sectionHeaderCount: 0,
    sectionNamesIndex: 0,
  });
  bytes.set(changed, 0);
  bytes.set(encodeSegments(change.segments), Number(header.programHeaderOffset));
}
