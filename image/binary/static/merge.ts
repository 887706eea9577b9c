/**
 * Makes one static executable of three things: Node's program, the part that was linked behind it, and the application
 * as Node's "single executable application" blob. Bytes in, bytes out; no loader but the kernel's sees the result.
 */
import type { Architecture } from '../../architecture.ts';
import { BuildError } from '../../build-error.ts';
import { type ElfFile, readElf, readSections, type Segment, segmentsOf } from '../../formats/elf/file.ts';
import * as layout from '../../formats/elf/layout.ts';
import { encodeNote } from '../../formats/elf/notes.ts';
import { findSymbols } from '../../formats/elf/symbols.ts';
import { rewriteHeaders } from '../../formats/elf/write.ts';
import { threadBlockBytes, threadBlockSymbol } from './generate.ts';
import type { NodeFacts } from './node-facts.ts';

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
export function mergeExecutable(options: MergeOptions): Uint8Array {
  const { architecture, facts } = options;
  const node = facts.file;
  const linked = readElf(options.linked) ?? refuse('the linked part is no ELF file', 'link.ts');
  checkReach(facts, linked, architecture);
  const parts = new Layout(architecture.elf.pageSize, nodeLength(node));
  const linkedSegments = segmentsOf(linked, 'load').map((segment) => ({
    ...segment,
    fileOffset: parts.append(contentOf(linked, segment), segment.address),
    alignment: architecture.elf.pageSize,
  }));
  const threadLocal = placedThreadLocal(options, linked);
  const note = encodeNote(applicationNote, options.application);
  const extra = Buffer.concat([threadLocal?.initial ?? Buffer.alloc(0), note]);
  const extraAddress = alignUp(Math.max(...linkedSegments.map(endOf)), 0x10000);
  const extraSegment: Segment = {
    ...{ type: layout.segmentType.load, flags: layout.segmentFlag.read },
    ...{ fileOffset: parts.append(extra, extraAddress), address: extraAddress },
    ...{ fileSize: extra.length, memorySize: extra.length, alignment: architecture.elf.pageSize },
  };
  const noteSegment = within(
    extraSegment,
    layout.segmentType.note,
    extra.length - note.length,
    note.length,
    4,
  );
  const [ownThreadLocal] = segmentsOf(linked, 'threadLocal') as [Segment];
  const threadLocalSegment = threadLocal
    ? within(
        extraSegment,
        layout.segmentType.threadLocal,
        0,
        threadLocal.initial.length,
        threadLocal.alignment,
      )
    : { ...ownThreadLocal, fileOffset: fileOffsetIn(linkedSegments, ownThreadLocal.address) };
  const segments = [
    ...segmentsOf(node, 'load'),
    ...linkedSegments,
    extraSegment,
    threadLocalSegment,
    noteSegment,
    ...segmentsOf(node, 'stack'),
    ...segmentsOf(node, 'exceptionFrames'),
  ];
  const bytes = Buffer.alloc(parts.length);
  bytes.set(node.bytes.subarray(0, nodeLength(node)));
  for (const { offset, content } of parts.appended) bytes.set(content, offset);
  blowFuse(bytes.subarray(0, nodeLength(node)));
  forgetLoader(bytes, node);
  rewriteHeaders(bytes, { entry: linked.entry, segments: withTable(segments, facts) });
  return bytes;
}

/** What is appended to the file: each piece at an offset that is its address modulo the page size. */
class Layout {
  readonly appended: { readonly offset: number; readonly content: Uint8Array }[] = [];
  readonly #pageSize: number;
  length: number;

  constructor(pageSize: number, length: number) {
    this.#pageSize = pageSize;
    this.length = length;
  }

  /** Where the piece begins in the file. */
  append(content: Uint8Array, address: number): number {
    const offset =
      this.length + ((((address - this.length) % this.#pageSize) + this.#pageSize) % this.#pageSize);
    this.appended.push({ offset, content });
    this.length = offset + content.length;
    return offset;
  }
}

/** Only what is loaded: no section headers, symbols or debugging information. */
function nodeLength(node: ElfFile): number {
  return Math.max(...segmentsOf(node, 'load').map((segment) => segment.fileOffset + segment.fileSize));
}

/**
 * Where Node's thread-local block comes last, the initial content of all blocks, with Node's at the end. Where it comes
 * first it is in the linked part already, and only its place is checked.
 */
function placedThreadLocal(
  { architecture, facts }: MergeOptions,
  linked: ElfFile,
): { readonly initial: Uint8Array; readonly alignment: number } | null {
  const segment =
    segmentsOf(linked, 'threadLocal')[0] ?? refuse('nothing thread-local was linked', 'link.ts');
  const block = findSymbols(linked, 'all', (name) => name === threadBlockSymbol)[0];
  const isFirst = architecture.elf.threadLocalBlock === 'first';
  const expected = isFirst ? 0 : segment.memorySize - threadBlockBytes(facts);
  if (block?.value !== expected) {
    refuse(
      `Node's thread-local block lies at ${block?.value} of ${segment.memorySize} bytes instead of at ${expected}`,
      'link.ts, where thread-local.o stands in the order of objects',
    );
  }
  // In front of a first block the ABI leaves 16 bytes; a last block must end where the aligned segment does.
  if (isFirst ? segment.alignment > 16 : segment.memorySize % segment.alignment !== 0) {
    refuse(`something thread-local wants an alignment of ${segment.alignment} bytes`, 'generate.ts');
  }
  if (isFirst) return null;
  const own = facts.threadLocal;
  const initial = Buffer.alloc(segment.memorySize);
  initial.set(contentOf(linked, segment));
  const ownStart = segment.memorySize - alignUp(own.memorySize, own.alignment);
  initial.set(contentOf(facts.file, own), ownStart);
  return { initial, alignment: segment.alignment };
}

/** The linked part calls Node by plain branches; the other way goes through slots and reaches everywhere. */
function checkReach(facts: NodeFacts, linked: ElfFile, { elf }: Architecture): void {
  const end = Math.max(...segmentsOf(linked, 'load').map(endOf));
  if (end - facts.text.start >= elf.branchRangeBytes) {
    refuse(
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
    refuse(
      `its table of segments has room for ${Math.max(0, Math.floor(room / layout.programHeaderSize))}, and ${segments.length + 1} are needed`,
      'withTable in merge.ts',
    );
  }
  const first = segmentsOf(file, 'load')[0];
  if (first?.fileOffset !== 0)
    return refuse('its first segment does not hold its headers', 'withTable in merge.ts');
  return [within(first, layout.segmentType.programHeaders, start, sizeBytes, 8), ...segments];
}

/** In Node's own part: an application may well hold the mark as a text. */
function blowFuse(bytes: Buffer): void {
  const at = bytes.indexOf(fuseMark);
  const next = bytes.indexOf(fuseMark, at + 1);
  const state = at + fuseMark.length;
  if (at < 0 || next >= 0 || bytes[state] !== '0'.charCodeAt(0)) {
    refuse(
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

function contentOf(file: ElfFile, segment: Segment): Uint8Array {
  return file.bytes.subarray(segment.fileOffset, segment.fileOffset + segment.fileSize);
}

/** A segment that describes a part of another one. */
function within(
  segment: Segment,
  type: number,
  offset: number,
  sizeBytes: number,
  alignment: number,
): Segment {
  return {
    ...{ type, flags: layout.segmentFlag.read },
    ...{ fileOffset: segment.fileOffset + offset, address: segment.address + offset },
    ...{ fileSize: sizeBytes, memorySize: sizeBytes, alignment },
  };
}

function fileOffsetIn(segments: readonly Segment[], address: number): number {
  const holder = segments.find((segment) => address >= segment.address && address < endOf(segment));
  if (!holder) return refuse('a part of the linked program is in none of its segments', 'merge.ts');
  return address - holder.address + holder.fileOffset;
}

function endOf(segment: Segment): number {
  return segment.address + segment.memorySize;
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function refuse(what: string, where: string): never {
  throw new BuildError(
    'unexpected-node',
    `Node and what is linked to it do not fit together: ${what}. See image/binary/static/${where}.`,
  );
}
