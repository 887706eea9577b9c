/** The parts of the PE format (Microsoft's "PE Format", PE32+) that adding sections touches. */
import type { Layout } from '../struct.ts';

/** Where the DOS header says the PE header is. */
export const peOffsetField = { peOffset: { offset: 0x3c, type: 'u32' } } as const satisfies Layout;

/** "PE\0\0" and the COFF header. */
export const coffHeader = {
  signature: { offset: 0, type: 'bytes4' },
  machine: { offset: 4, type: 'u16' },
  sectionCount: { offset: 6, type: 'u16' },
  optionalHeaderSize: { offset: 20, type: 'u16' },
} as const satisfies Layout;
export const coffHeaderSize = 24;

/** Offsets from the start of the optional header. */
export const optionalHeader = {
  magic: { offset: 0, type: 'u16' },
  sizeOfInitializedData: { offset: 8, type: 'u32' },
  sectionAlignment: { offset: 32, type: 'u32' },
  fileAlignment: { offset: 36, type: 'u32' },
  sizeOfImage: { offset: 56, type: 'u32' },
  sizeOfHeaders: { offset: 60, type: 'u32' },
  checksum: { offset: 64, type: 'u32' },
  /** Where a signature would be; nothing may follow it in the file. */
  certificateTable: { offset: 144, type: 'u64' },
} as const satisfies Layout;
export const optionalHeaderMagic = 0x20b;

export const sectionHeader = {
  name: { offset: 0, type: 'bytes8' },
  virtualSize: { offset: 8, type: 'u32' },
  virtualAddress: { offset: 12, type: 'u32' },
  rawSize: { offset: 16, type: 'u32' },
  rawOffset: { offset: 20, type: 'u32' },
  characteristics: { offset: 36, type: 'u32' },
} as const satisfies Layout;
export const sectionHeaderSize = 40;

/** Initialised data, readable. */
export const dataCharacteristics = 0x40000040;

/** WIN_CERTIFICATE: what stands before a signature. */
export const certificateHeader = {
  size: { offset: 0, type: 'u32' },
  revision: { offset: 4, type: 'u16' },
  type: { offset: 6, type: 'u16' },
} as const satisfies Layout;
export const certificateHeaderSize = 8;
export const certificateRevision = 0x0200;
export const certificateTypePkcs7 = 2;
