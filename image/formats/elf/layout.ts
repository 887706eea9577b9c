/** The parts of 64-bit little-endian ELF that say which libraries a file needs (System V ABI, generic part). */
import type { Layout } from '../struct.ts';

export const fileHeader = {
  magic: { offset: 0, type: 'bytes4' },
  programHeaderOffset: { offset: 32, type: 'u64' },
  programHeaderSize: { offset: 54, type: 'u16' },
  programHeaderCount: { offset: 56, type: 'u16' },
} as const satisfies Layout;
export const fileHeaderSize = 64;

export const programHeader = {
  type: { offset: 0, type: 'u32' },
  fileOffset: { offset: 8, type: 'u64' },
  virtualAddress: { offset: 16, type: 'u64' },
  fileSize: { offset: 32, type: 'u64' },
} as const satisfies Layout;
export const segmentType = { load: 1, dynamic: 2, interpreter: 3 } as const;

export const dynamicEntry = {
  tag: { offset: 0, type: 'u64' },
  value: { offset: 8, type: 'u64' },
} as const satisfies Layout;
export const dynamicEntrySize = 16;
export const dynamicTag = { end: 0n, needed: 1n, stringTable: 5n } as const;
