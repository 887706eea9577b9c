/** The records of 64-bit little-endian ELF (System V ABI, generic part), and the numbers that give them meaning. */
import type { Layout } from '../struct.ts';

export const fileHeader = {
  magic: { offset: 0, type: 'bytes4' },
  class: { offset: 4, type: 'u8' },
  byteOrder: { offset: 5, type: 'u8' },
  identVersion: { offset: 6, type: 'u8' },
  osAbi: { offset: 7, type: 'u8' },
  abiVersion: { offset: 8, type: 'u8' },
  type: { offset: 16, type: 'u16' },
  machine: { offset: 18, type: 'u16' },
  version: { offset: 20, type: 'u32' },
  entry: { offset: 24, type: 'u64' },
  programHeaderOffset: { offset: 32, type: 'u64' },
  sectionHeaderOffset: { offset: 40, type: 'u64' },
  flags: { offset: 48, type: 'u32' },
  headerSize: { offset: 52, type: 'u16' },
  programHeaderSize: { offset: 54, type: 'u16' },
  programHeaderCount: { offset: 56, type: 'u16' },
  sectionHeaderSize: { offset: 58, type: 'u16' },
  sectionHeaderCount: { offset: 60, type: 'u16' },
  sectionNamesIndex: { offset: 62, type: 'u16' },
} as const satisfies Layout;
export const fileHeaderSize = 64;
export const magic = '\x7fELF';
export const class64 = 2;
export const littleEndian = 1;
/** A program at fixed addresses, and one that can lie anywhere (which is also what a library is). */
export const fileType = { fixedProgram: 2, shared: 3 } as const;

export const programHeader = {
  type: { offset: 0, type: 'u32' },
  flags: { offset: 4, type: 'u32' },
  fileOffset: { offset: 8, type: 'u64' },
  virtualAddress: { offset: 16, type: 'u64' },
  physicalAddress: { offset: 24, type: 'u64' },
  fileSize: { offset: 32, type: 'u64' },
  memorySize: { offset: 40, type: 'u64' },
  alignment: { offset: 48, type: 'u64' },
} as const satisfies Layout;
export const programHeaderSize = 56;
export const segmentType = {
  load: 1,
  dynamic: 2,
  interpreter: 3,
  note: 4,
  programHeaders: 6,
  threadLocal: 7,
  exceptionFrames: 0x6474e550,
  stack: 0x6474e551,
  readOnlyAfterStart: 0x6474e552,
} as const;
export const segmentFlag = { execute: 1, write: 2, read: 4 } as const;

export const sectionHeader = {
  name: { offset: 0, type: 'u32' },
  type: { offset: 4, type: 'u32' },
  virtualAddress: { offset: 16, type: 'u64' },
  fileOffset: { offset: 24, type: 'u64' },
  size: { offset: 32, type: 'u64' },
} as const satisfies Layout;
export const sectionHeaderSize = 64;

export const dynamicEntry = {
  tag: { offset: 0, type: 'i64' },
  value: { offset: 8, type: 'u64' },
} as const satisfies Layout;
export const dynamicEntrySize = 16;
export const dynamicTag = {
  end: 0,
  needed: 1,
  pltRelocationsSize: 2,
  stringTable: 5,
  symbolTable: 6,
  relocations: 7,
  relocationsSize: 8,
  pltRelocations: 23,
  initArray: 25,
  finiArray: 26,
  initArraySize: 27,
  finiArraySize: 28,
} as const;

export const symbol = {
  name: { offset: 0, type: 'u32' },
  /** Binding in the upper four bits, type in the lower. */
  info: { offset: 4, type: 'u8' },
  section: { offset: 6, type: 'u16' },
  value: { offset: 8, type: 'u64' },
  size: { offset: 16, type: 'u64' },
} as const satisfies Layout;
export const symbolSize = 24;
export const weakBinding = 2;
/** The section of a symbol that this file does not define. */
export const undefinedSection = 0;

export const relocation = {
  address: { offset: 0, type: 'u64' },
  type: { offset: 8, type: 'u32' },
  symbol: { offset: 12, type: 'u32' },
  addend: { offset: 16, type: 'i64' },
} as const satisfies Layout;
export const relocationSize = 24;

/** Name and content follow, each padded to four bytes. */
export const noteHeader = {
  nameSize: { offset: 0, type: 'u32' },
  contentSize: { offset: 4, type: 'u32' },
  type: { offset: 8, type: 'u32' },
} as const satisfies Layout;
export const noteHeaderSize = 12;
