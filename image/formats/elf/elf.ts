/** Reads from an ELF file which libraries and which loader it needs. */
import { decodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface ElfNeeds {
  /** File names, such as `libc.so.6`. */
  readonly libraries: readonly string[];
  /** The path of the dynamic loader, or null for a library or a static program. */
  readonly interpreter: string | null;
}

type Segment = ReturnType<typeof readSegments>[number];

/** What the file needs, or null when it is not ELF. */
export function readElfNeeds(file: Uint8Array): ElfNeeds | null {
  if (file.length < layout.fileHeaderSize) return null;
  const header = decodeRecord(layout.fileHeader, file);
  if (Buffer.from(header.magic).toString('latin1') !== '\x7fELF') return null;
  const segments = readSegments(file, header);
  const interpreter = segments.find((segment) => segment.type === layout.segmentType.interpreter);
  return {
    libraries: readNeeded(file, segments),
    interpreter: interpreter ? stringAt(file, Number(interpreter.fileOffset)) : null,
  };
}

function readSegments(
  file: Uint8Array,
  header: {
    readonly programHeaderOffset: bigint;
    readonly programHeaderSize: number;
    readonly programHeaderCount: number;
  },
) {
  return Array.from({ length: header.programHeaderCount }, (_, index) =>
    decodeRecord(
      layout.programHeader,
      file,
      Number(header.programHeaderOffset) + index * header.programHeaderSize,
    ),
  );
}

function readNeeded(file: Uint8Array, segments: readonly Segment[]): string[] {
  const dynamic = segments.find((segment) => segment.type === layout.segmentType.dynamic);
  if (!dynamic) return [];
  const names: bigint[] = [];
  let strings: bigint | undefined;
  const end = Number(dynamic.fileOffset + dynamic.fileSize);
  for (let at = Number(dynamic.fileOffset); at < end; at += layout.dynamicEntrySize) {
    const entry = decodeRecord(layout.dynamicEntry, file, at);
    if (entry.tag === layout.dynamicTag.end) break;
    if (entry.tag === layout.dynamicTag.needed) names.push(entry.value);
    if (entry.tag === layout.dynamicTag.stringTable) strings = entry.value;
  }
  if (strings === undefined) return [];
  const table = fileOffsetOf(strings, segments);
  return names.map((name) => stringAt(file, table + Number(name)));
}

function fileOffsetOf(address: bigint, segments: readonly Segment[]): number {
  const holder = segments.find(
    (segment) =>
      segment.type === layout.segmentType.load &&
      address >= segment.virtualAddress &&
      address < segment.virtualAddress + segment.fileSize,
  );
  if (!holder) throw new RangeError('an ELF file points to an address that no segment holds');
  return Number(address - holder.virtualAddress + holder.fileOffset);
}

function stringAt(file: Uint8Array, offset: number): string {
  return Buffer.from(file.subarray(offset, file.indexOf(0, offset))).toString('latin1');
}
