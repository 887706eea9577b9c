/**
 * Node's thread-local block beside those of the libraries: every thread gets them all in one piece of memory, and each
 * side's code expects its own at a fixed distance from the thread pointer.
 */
import type { Architecture } from '../../architecture.ts';
import { contentOf, type ElfFile, type Segment, segmentsOf } from '../../formats/elf/file.ts';
import { findSymbols } from '../../formats/elf/symbols.ts';
import { alignUp } from './file-layout.ts';
import { threadBlockBytes, threadBlockSymbol } from './generate.ts';
import type { NodeFacts } from './node-facts.ts';
import { refuseParts } from './refuse-parts.ts';

export interface PlacedThreadLocal {
  /** As the linker laid it out. */
  readonly segment: Segment;
  /** The initial content of the whole segment, where it is not the linker's; null where it is. */
  readonly initial: Uint8Array | null;
}

/**
 * Where Node's block comes first, the linker has put it there with its content, and only its place is checked. Where it
 * comes last, uninitialized data of the libraries precede it, so the content is made here, with Node's at the end.
 */
export function placeThreadLocal(
  architecture: Architecture,
  facts: NodeFacts,
  linked: ElfFile,
): PlacedThreadLocal {
  const segment =
    segmentsOf(linked, 'threadLocal')[0] ?? refuseParts('nothing thread-local was linked', 'link.ts');
  const block = findSymbols(linked, 'all', (name) => name === threadBlockSymbol)[0];
  const isFirst = architecture.elf.threadLocalBlock === 'first';
  const expected = isFirst ? 0 : segment.memorySize - threadBlockBytes(facts);
  if (block?.value !== expected) {
    refuseParts(
      `Node's thread-local block lies at ${block?.value} of ${segment.memorySize} bytes instead of at ${expected}`,
      'link.ts, where thread-local.o stands in the order of objects',
    );
  }
  // In front of a first block the ABI leaves 16 bytes; a last block must end where the aligned segment does.
  if (isFirst ? segment.alignment > 16 : segment.memorySize % segment.alignment !== 0) {
    refuseParts(`something thread-local wants an alignment of ${segment.alignment} bytes`, 'generate.ts');
  }
  if (isFirst) return { segment, initial: null };
  const initial = new Uint8Array(segment.memorySize);
  initial.set(contentOf(linked, segment));
  const { memorySize, alignment } = facts.threadLocal;
  initial.set(contentOf(facts.file, facts.threadLocal), segment.memorySize - alignUp(memorySize, alignment));
  return { segment, initial };
}
