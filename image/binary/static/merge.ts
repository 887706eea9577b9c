/**
 * Makes one static executable of three things: Node's program, the part that was linked behind it, and the application
 * as Node's "single executable application" blob. Bytes in, bytes out; no loader but the kernel's sees the result.
 */
import type { Architecture } from '../../architecture.ts';
import {
  contentOf,
  type ElfFile,
  endOf,
  readElf,
  readSections,
  type Segment,
  segmentsOf,
} from '../../formats/elf/file.ts';
import * as layout from '../../formats/elf/layout.ts';
import { encodeNote } from '../../formats/elf/notes.ts';
import { rewriteHeaders } from '../../formats/elf/write.ts';
import { alignUp, FileLayout } from './file-layout.ts';
import type { NodeFacts } from './node-facts.ts';
import { refuseParts } from './refuse-parts.ts';
import { placeThreadLocal } from './thread-local.ts';

/** Node looks for its application in a note of this name, when the character behind the mark is 1. */
export const applicationNote = 'NODE_SEA_BLOB';
const fuseMark = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

export interface MergeOptions {
  readonly architecture: Architecture;
  readonly facts: NodeFacts;
  readonly linked: Uint8Array;
  readonly application: Uint8Array;
}

/** @throws BuildError `unexpected-node` when the parts do not fit together. */
export function mergeExecutable({ architecture, facts, ...parts }: MergeOptions): Uint8Array {
  const node = facts.file;
  const linked = readElf(parts.linked) ?? refuseParts('the linked part is no ELF file', 'link.ts');
  checkReach(facts, linked, architecture);
  const file = new FileLayout(architecture.elf.pageSize, nodeLength(node));
  const linkedSegments = segmentsOf(linked, 'load').map((segment) =>
    file.place(segment, contentOf(linked, segment)),
  );
  const threadLocal = placeThreadLocal(architecture, facts, linked);
  const note = encodeNote(applicationNote, parts.application);
  const initial = threadLocal.initial ?? new Uint8Array();
  const data = file.place(readOnlyBehind(linkedSegments), Buffer.concat([initial, note]));
  const segments = [
    ...segmentsOf(node, 'load'),
    ...linkedSegments,
    data,
    threadLocal.initial === null
      ? { ...threadLocal.segment, fileOffset: fileOffsetIn(linkedSegments, threadLocal.segment.address) }
      : partOf(data, 'threadLocal', 0, initial.length, threadLocal.segment.alignment),
    partOf(data, 'note', initial.length, note.length, 4),
    ...segmentsOf(node, 'stack'),
    ...segmentsOf(node, 'exceptionFrames'),
  ];
  const bytes = file.write(node.bytes);
  blowFuse(bytes.subarray(0, nodeLength(node)));
  forgetLoader(bytes, node);
  rewriteHeaders(bytes, { entry: linked.entry, segments: withTable(segments, facts) });
  return bytes;
}

/** A segment for what is only read, behind all others. Its address suits every page size and alignment. */
function readOnlyBehind(segments: readonly Segment[]): Segment {
  return {
    ...{ type: layout.segmentType.load, flags: layout.segmentFlag.read },
    address: alignUp(Math.max(...segments.map(endOf)), 0x10000),
    // Known when it is placed.
    ...{ fileOffset: 0, fileSize: 0, memorySize: 0, alignment: 0 },
  };
}

/** Only what is loaded: no section headers, symbols or debugging information. */
function nodeLength(node: ElfFile): number {
  return Math.max(...segmentsOf(node, 'load').map((segment) => segment.fileOffset + segment.fileSize));
}

/** The linked part calls Node by plain branches; the other way goes through slots and reaches everywhere. */
function checkReach(facts: NodeFacts, linked: ElfFile, { elf }: Architecture): void {
  const end = Math.max(...segmentsOf(linked, 'load').map(endOf));
  if (end - facts.text.start >= elf.branchRangeBytes) {
    refuseParts(
      `Node's code begins at 0x${facts.text.start.toString(16)} and the linked part ends at 0x${end.toString(16)}, which is farther than a branch reaches`,
      'linkedAddress in node-facts.ts',
    );
  }
}

/** Puts the segment that describes the table itself in front, and makes sure that the table has room. */
function withTable(segments: readonly Segment[], facts: NodeFacts): readonly Segment[] {
  const { file } = facts;
  const start = file.segmentTable.fileOffset;
  // Behind the table lie the loader's name and notes, and then tables that only the loader reads.
  const room = (readSections(file).find(({ name }) => name === '.gnu.hash')?.fileOffset ?? 0) - start;
  const sizeBytes = (segments.length + 1) * layout.programHeaderSize;
  if (sizeBytes > room) {
    refuseParts(
      `its table of segments has room for ${Math.max(0, Math.floor(room / layout.programHeaderSize))}, and ${segments.length + 1} are needed`,
      'withTable in merge.ts',
    );
  }
  const first = segmentsOf(file, 'load')[0];
  if (first?.fileOffset !== 0)
    return refuseParts('its first segment does not hold its headers', 'withTable in merge.ts');
  return [partOf(first, 'programHeaders', start, sizeBytes, 8), ...segments];
}

/** In Node's own part: an application may well hold the mark as a text. */
function blowFuse(bytes: Buffer): void {
  const at = bytes.indexOf(fuseMark);
  const next = bytes.indexOf(fuseMark, at + 1);
  const state = at + fuseMark.length;
  if (at < 0 || next >= 0 || bytes[state] !== '0'.charCodeAt(0)) {
    refuseParts(
      'the mark that says whether Node carries an application is not there exactly once',
      'blowFuse in merge.ts',
    );
  }
  bytes.write('1', state);
}

/** Everything that only the dynamic loader read becomes zeros, which compress to nothing. */
function forgetLoader(bytes: Buffer, node: ElfFile): void {
  const loaders = /^\.(interp|note\..*|gnu\.hash|dynsym|dynstr|gnu\.version(_r)?|rela\.(dyn|plt))$/;
  for (const { name, fileOffset, sizeBytes } of readSections(node)) {
    if (loaders.test(name)) bytes.fill(0, fileOffset, fileOffset + sizeBytes);
  }
}

/** A segment that describes a part of another one. */
function partOf(
  segment: Segment,
  type: keyof typeof layout.segmentType,
  offset: number,
  sizeBytes: number,
  alignment: number,
): Segment {
  return {
    ...{ type: layout.segmentType[type], flags: layout.segmentFlag.read, alignment },
    ...{ fileOffset: segment.fileOffset + offset, address: segment.address + offset },
    ...{ fileSize: sizeBytes, memorySize: sizeBytes },
  };
}

function fileOffsetIn(segments: readonly Segment[], address: number): number {
  const holder = segments.find((segment) => address >= segment.address && address < endOf(segment));
  if (!holder) return refuseParts('a part of the linked program is in none of its segments', 'merge.ts');
  return address - holder.address + holder.fileOffset;
}
