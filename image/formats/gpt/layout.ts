/** The GUID partition table on disk: UEFI specification 2.10, section 5.3. */
import type { Layout } from '../struct.ts';

export const sectorSize = 512;
export const entrySize = 128;
export const entryCount = 128;
export const headerSize = 92;
/** Sectors that the entry array takes. */
export const entrySectors = (entryCount * entrySize) / sectorSize;

export const header = {
  signature: { offset: 0, type: 'bytes8' },
  revision: { offset: 8, type: 'u32' },
  headerSize: { offset: 12, type: 'u32' },
  /** Over the header with this field zero. */
  headerCrc: { offset: 16, type: 'u32' },
  ownLba: { offset: 24, type: 'u64' },
  otherLba: { offset: 32, type: 'u64' },
  firstUsableLba: { offset: 40, type: 'u64' },
  lastUsableLba: { offset: 48, type: 'u64' },
  diskGuid: { offset: 56, type: 'bytes16' },
  entriesLba: { offset: 72, type: 'u64' },
  entryCount: { offset: 80, type: 'u32' },
  entrySize: { offset: 84, type: 'u32' },
  entriesCrc: { offset: 88, type: 'u32' },
} as const satisfies Layout;

export const entry = {
  typeGuid: { offset: 0, type: 'bytes16' },
  guid: { offset: 16, type: 'bytes16' },
  firstLba: { offset: 32, type: 'u64' },
  /** Inclusive. */
  lastLba: { offset: 40, type: 'u64' },
  attributes: { offset: 48, type: 'u64' },
  /** UTF-16LE, zero-filled. */
  name: { offset: 56, type: 'bytes72' },
} as const satisfies Layout;

/** The one entry of the protective master boot record that keeps old tools away (section 5.2.3). */
export const protectiveEntry = {
  startingChs: { offset: 1, type: 'bytes3' },
  type: { offset: 4, type: 'bytes1' },
  endingChs: { offset: 5, type: 'bytes3' },
  startingLba: { offset: 8, type: 'u32' },
  sizeInSectors: { offset: 12, type: 'u32' },
} as const satisfies Layout;
export const protectiveEntryOffset = 446;
export const protectiveEntrySize = 16;
