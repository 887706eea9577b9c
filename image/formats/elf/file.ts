/**
 * An ELF file as the rest of this folder sees it: its header and segments, and its sections when somebody asks. Bytes
 * are looked at where they lie; the files have a hundred megabytes.
 */
import { decodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface ElfFile {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  /** Where the table of segments lies, and for how many it has room by its own count. */
  readonly segmentTable: { readonly fileOffset: number; readonly count: number };
  readonly segments: readonly Segment[];
  readonly sectionTable: { readonly fileOffset: number; readonly count: number; readonly namesIndex: number };
}

export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly fileOffset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

export interface Section {
  readonly name: string;
  readonly fileOffset: number;
  readonly sizeBytes: number;
}

/**
 * Header and segments, or null when the bytes are no 64-bit little-endian ELF.
 * @throws RangeError when the file ends before its tables do.
 */
export function readElf(bytes: Uint8Array): ElfFile | null {
  if (bytes.length < layout.fileHeaderSize) return null;
  const header = decodeRecord(layout.fileHeader, bytes);
  if (Buffer.from(header.magic).toString('latin1') !== layout.magic) return null;
  if (header.class !== layout.class64 || header.byteOrder !== layout.littleEndian) return null;
  const segmentTable = {
    fileOffset: Number(header.programHeaderOffset),
    count: header.programHeaderCount,
  };
  return {
    bytes,
    type: header.type,
    machine: header.machine,
    entry: Number(header.entry),
    segmentTable,
    segments: Array.from({ length: segmentTable.count }, (_, index) =>
      readSegment(bytes, segmentTable.fileOffset + index * header.programHeaderSize),
    ),
    sectionTable: {
      fileOffset: Number(header.sectionHeaderOffset),
      count: header.sectionHeaderCount,
      namesIndex: header.sectionNamesIndex,
    },
  };
}

function readSegment(bytes: Uint8Array, offset: number): Segment {
  const record = decodeRecord(layout.programHeader, bytes, offset);
  return {
    type: record.type,
    flags: record.flags,
    fileOffset: Number(record.fileOffset),
    address: Number(record.virtualAddress),
    fileSize: Number(record.fileSize),
    memorySize: Number(record.memorySize),
    alignment: Number(record.alignment),
  };
}

/** All sections with their names; none when the file has no table of them. */
export function readSections(file: ElfFile): readonly Section[] {
  const records = Array.from({ length: file.sectionTable.count }, (_, index) =>
    decodeRecord(
      layout.sectionHeader,
      file.bytes,
      file.sectionTable.fileOffset + index * layout.sectionHeaderSize,
    ),
  );
  const names = records[file.sectionTable.namesIndex];
  if (names === undefined) return [];
  return records.map((record) => ({
    name: stringAt(file.bytes, Number(names.fileOffset) + record.name),
    fileOffset: Number(record.fileOffset),
    sizeBytes: Number(record.size),
  }));
}

export function segmentsOf(file: ElfFile, type: keyof typeof layout.segmentType): readonly Segment[] {
  return file.segments.filter((segment) => segment.type === layout.segmentType[type]);
}

/**
 * Where in the file the byte lies that is loaded at an address.
 * @throws RangeError when no segment holds it.
 */
export function fileOffsetOf(file: ElfFile, address: number): number {
  const holder = segmentsOf(file, 'load').find(
    (segment) => address >= segment.address && address < segment.address + segment.fileSize,
  );
  if (!holder) {
    throw new RangeError(`an ELF file points to address 0x${address.toString(16)}, which no segment holds`);
  }
  return address - holder.address + holder.fileOffset;
}

/** The bytes of a segment that lie in the file. */
export function contentOf(file: ElfFile, segment: Segment): Uint8Array {
  return file.bytes.subarray(segment.fileOffset, segment.fileOffset + segment.fileSize);
}

/** The first address behind a segment. */
export function endOf(segment: Segment): number {
  return segment.address + segment.memorySize;
}

/** The text at an offset of the file, up to its zero byte. */
export function stringAt(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  if (end < 0) throw new RangeError('a text in an ELF file has no end');
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, end - offset).toString('latin1');
}
