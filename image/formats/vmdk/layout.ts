/**
 * A stream-optimized virtual disk of VMware: "Virtual Disk Format 5.0", sections "Hosted Sparse Extents" and
 * "Stream-Optimized Compressed Sparse Extents". Integers are little-endian; what is called a size there counts sectors.
 */
import type { Layout } from '../struct.ts';

export const sectorSize = 512;
export const grainSectors = 128;
export const grainSize = grainSectors * sectorSize;
export const entriesPerTable = 512;
export const tableSectors = (entriesPerTable * 4) / sectorSize;
export const descriptorSectors = 20;
/** The first grain lies on the first whole grain behind the descriptor. */
export const overheadSectors = 128;

/** Bit 0: the newline characters below are there; 16: grains are compressed; 17: markers tell what follows. */
export const flags = (1 << 0) | (1 << 16) | (1 << 17);
export const deflate = 1;
/** As the directory's offset: read the footer for it. */
export const directoryAtEnd = 0xffffffffffffffffn;

export const header = {
  magic: { offset: 0, type: 'bytes4' },
  version: { offset: 4, type: 'u32' },
  flags: { offset: 8, type: 'u32' },
  capacity: { offset: 12, type: 'u64' },
  grainSectors: { offset: 20, type: 'u64' },
  descriptorOffset: { offset: 28, type: 'u64' },
  descriptorSectors: { offset: 36, type: 'u64' },
  entriesPerTable: { offset: 44, type: 'u32' },
  redundantDirectory: { offset: 48, type: 'u64' },
  directory: { offset: 56, type: 'u64' },
  overheadSectors: { offset: 64, type: 'u64' },
  uncleanShutdown: { offset: 72, type: 'u8' },
  /** Line ends, in the four shapes that a transfer as text would damage. */
  newlines: { offset: 73, type: 'bytes4' },
  compression: { offset: 77, type: 'u16' },
} as const satisfies Layout;

/** Before each compressed grain; its content follows at once. */
export const grainMarkerSize = 12;
export const grainMarker = {
  firstSector: { offset: 0, type: 'u64' },
  sizeBytes: { offset: 8, type: 'u32' },
} as const satisfies Layout;

/** One sector before each table, the directory and the footer. */
export const marker = {
  sectors: { offset: 0, type: 'u64' },
  sizeBytes: { offset: 8, type: 'u32' },
  kind: { offset: 12, type: 'u32' },
} as const satisfies Layout;

export const markerKind = { endOfStream: 0, table: 1, directory: 2, footer: 3 } as const;
