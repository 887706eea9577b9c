/**
 * Everything that the static link takes from Node's program, read and checked. Whatever a newer Node does differently
 * fails here, at build time, with a sentence that says what it is and where to look.
 */
import type { Architecture } from '../../architecture.ts';
import { BuildError } from '../../build-error.ts';
import {
  type DynamicTable,
  dynamicSymbols,
  dynamicValue,
  readDynamicTable,
  readRelocations,
} from '../../formats/elf/dynamic.ts';
import { type ElfFile, endOf, readElf, type Segment, segmentsOf } from '../../formats/elf/file.ts';
import * as layout from '../../formats/elf/layout.ts';
import { type ElfSymbol, findSymbols } from '../../formats/elf/symbols.ts';
import { changingCopies, knownCopies, knownThreadObjects, knownWeakImports } from './known-imports.ts';

/** Where the linked part begins; see README.md. */
export const linkedAddress = 0x7000000;

export interface NodeFacts {
  readonly file: ElfFile;
  /** What every slot of Node takes: an address of its own, or an imported symbol. */
  readonly slots: readonly Slot[];
  readonly copies: readonly Copy[];
  /** Slots that take the distance of a thread-local object from the thread pointer, by the object's name. */
  readonly threadSlots: ReadonlyMap<string, number>;
  /** Imports that may stay undefined, and those that only this import would bring into the link. */
  readonly weakImports: readonly string[];
  readonly threadLocal: Segment;
  /** `main`, and the functions of the Node-API, by name. */
  readonly functions: ReadonlyMap<string, number>;
  readonly text: Range;
  readonly readOnlyAfterStart: Range;
  readonly initArray: Range;
  readonly finiArray: Range;
  readonly exceptionFrames: number;
}

export interface Slot {
  readonly address: number;
  readonly value: { readonly address: number } | { readonly symbol: string; readonly addend: number };
}

export interface Copy {
  readonly address: number;
  readonly name: string;
  readonly sizeBytes: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * @param node says in messages which Node this is.
 * @throws BuildError `unexpected-node` for anything that the link is not made for.
 */
export function readNodeFacts(bytes: Uint8Array, architecture: Architecture, node: string): NodeFacts {
  const refuse: Refuse = (what, where) => {
    throw new BuildError('unexpected-node', `${node} cannot be linked statically: ${what}. ${where}`);
  };
  try {
    return checkedFacts(bytes, architecture, refuse);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refuse(`its ELF tables are damaged (${error.message})`, 'Install the npm packages anew.');
  }
}

/** @param where names the file of the builder to look at. */
type Refuse = (what: string, where: string) => never;

function checkedFacts(bytes: Uint8Array, architecture: Architecture, refuse: Refuse): NodeFacts {
  const file = readElf(bytes) ?? refuse('it is not 64-bit ELF', 'Install the npm packages anew.');
  if (file.machine !== architecture.elf.machine) {
    refuse(
      `it is for machine ${file.machine}, not ${architecture.elf.machine}`,
      'See image/architecture.ts.',
    );
  }
  if (file.type !== layout.fileType.fixedProgram) {
    refuse(
      `its ELF type is ${file.type}, not ${layout.fileType.fixedProgram} (ET_EXEC): a program that may lie anywhere needs its relative relocations applied too`,
      'See fill_slots in image/binary/static/glue/start.c.',
    );
  }
  const table = readDynamicTable(file) ?? refuse('it has no dynamic table', 'It may be static already.');
  const one = (type: keyof typeof layout.segmentType): Segment =>
    segmentsOf(file, type)[0] ??
    refuse(`it has no segment "${type}"`, 'See image/binary/static/node-facts.ts.');
  const code = segmentsOf(file, 'load').filter(({ flags }) => flags & layout.segmentFlag.execute);
  const facts: NodeFacts = {
    file,
    ...readImports(file, table, architecture, refuse),
    threadLocal: checkedThreadLocal(one('threadLocal'), refuse),
    functions: readFunctions(file, refuse),
    text: { start: Math.min(...code.map(startOf)), end: Math.max(...code.map(endOf)) },
    readOnlyAfterStart: rangeOf(one('readOnlyAfterStart')),
    initArray: arrayOf(table, 'initArray', 'initArraySize', refuse),
    finiArray: arrayOf(table, 'finiArray', 'finiArraySize', refuse),
    exceptionFrames: one('exceptionFrames').address,
  };
  checkPlacement(facts, refuse);
  return facts;
}

type Imports = Pick<NodeFacts, 'slots' | 'copies' | 'threadSlots' | 'weakImports'>;

function readImports(
  file: ElfFile,
  table: DynamicTable,
  architecture: Architecture,
  refuse: Refuse,
): Imports {
  const { relocations } = architecture.elf;
  const symbolAt = dynamicSymbols(file, table);
  const slots: Slot[] = [];
  const copies: Copy[] = [];
  const threadSlots = new Map<string, number>();
  const weakImports = new Set<string>();
  for (const { address, type, symbolIndex, addend } of readRelocations(file, table)) {
    const symbol = symbolAt(symbolIndex);
    const { name } = symbol;
    if (type === relocations.copy) copies.push({ address, name, sizeBytes: symbol.sizeBytes });
    else if (type === relocations.threadOffset) threadSlots.set(name, address);
    else if (![relocations.absolute, relocations.globalData, relocations.jumpSlot].includes(type)) {
      refuse(
        `it has a relocation of type ${type} (for ${name || 'no symbol'}), which is not known`,
        'See "relocations" in image/architecture.ts and fill_slots in image/binary/static/glue/start.c.',
      );
    } else if (symbol.isDefined) slots.push({ address, value: { address: symbol.value + addend } });
    else {
      slots.push({ address, value: { symbol: name, addend } });
      if (symbol.isWeak) weakImports.add(name);
    }
  }
  const known = 'See image/binary/static/known-imports.ts.';
  const unknownCopies = copies.map(({ name }) => name).filter((name) => !knownCopies.has(name));
  const unknownWeak = [...weakImports].filter((name) => !knownWeakImports.has(name));
  const threadObjects = [...threadSlots.keys()].sort();
  if (unknownCopies.length > 0)
    refuse(`it copies data that it did not copy before: ${unknownCopies.join(', ')}`, known);
  for (const name of changingCopies) {
    if (!copies.some((copy) => copy.name === name))
      refuse(`it has no copy of ${name}`, 'See glue_tzset in image/binary/static/glue/libc.c.');
  }
  if (unknownWeak.length > 0)
    refuse(`it has weak imports that it did not have: ${unknownWeak.join(', ')}`, known);
  if (threadObjects.join() !== [...knownThreadObjects].sort().join())
    refuse(
      `it uses the thread-local objects ${threadObjects.join(', ') || '(none)'} of its libraries instead of ${knownThreadObjects.join(', ')}`,
      known,
    );
  return { slots, copies, threadSlots, weakImports: [...weakImports].sort() };
}

/** Node's own thread-local block; the linked part is laid out around it. */
function checkedThreadLocal(segment: Segment, refuse: Refuse): Segment {
  // Variant I of the ABI leaves 16 bytes between the thread pointer and the first block.
  if (segment.alignment > 16) {
    refuse(
      `its thread-local block wants an alignment of ${segment.alignment} bytes`,
      'See threadLocalAssembly in image/binary/static/generate.ts: 16 is the most that works.',
    );
  }
  return segment;
}

function readFunctions(file: ElfFile, refuse: Refuse): ReadonlyMap<string, number> {
  const wanted = (name: string): boolean => name === 'main' || /^(napi|node_api)_/.test(name);
  const defined = findSymbols(file, 'dynamic', wanted).filter((symbol: ElfSymbol) => symbol.isDefined);
  const functions = new Map(defined.map(({ name, value }) => [name, value]));
  for (const name of ['main', 'napi_create_function', 'napi_throw']) {
    if (!functions.has(name)) refuse(`it exports no ${name}`, 'See image/binary/static/node-facts.ts.');
  }
  return functions;
}

function checkPlacement(facts: NodeFacts, refuse: Refuse): void {
  const end = Math.max(...segmentsOf(facts.file, 'load').map(endOf));
  if (end > linkedAddress) {
    refuse(
      `it ends at 0x${end.toString(16)}, behind the address 0x${linkedAddress.toString(16)} of the linked part`,
      'Raise linkedAddress in image/binary/static/node-facts.ts.',
    );
  }
}

function arrayOf(
  table: DynamicTable,
  start: 'initArray' | 'finiArray',
  size: 'initArraySize' | 'finiArraySize',
  refuse: Refuse,
): Range {
  const address = dynamicValue(table, start);
  const sizeBytes = dynamicValue(table, size);
  if (address === undefined || sizeBytes === undefined) {
    return refuse(`its dynamic table has no ${start}`, 'See image/binary/static/glue/start.c.');
  }
  return { start: address, end: address + sizeBytes };
}

function startOf(segment: Segment): number {
  return segment.address;
}

function rangeOf(segment: Segment): Range {
  return { start: startOf(segment), end: endOf(segment) };
}
