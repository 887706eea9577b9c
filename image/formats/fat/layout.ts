/** The first sector of a FAT32 file system: Microsoft's "FAT32 File System Specification", 1.03, section 3. */
import type { Layout } from '../struct.ts';

export const bootSectorSize = 512;

export const bootSector = {
  bytesPerSector: { offset: 11, type: 'u16' },
  sectorsPerCluster: { offset: 13, type: 'u8' },
  reservedSectors: { offset: 14, type: 'u16' },
  tables: { offset: 16, type: 'u8' },
  /** Zero in FAT32, whose root directory is a file. */
  rootEntries: { offset: 17, type: 'u16' },
  /** Zero in FAT32. */
  sectorsPerTable16: { offset: 22, type: 'u16' },
  sectors: { offset: 32, type: 'u32' },
  sectorsPerTable: { offset: 36, type: 'u32' },
  kind: { offset: 82, type: 'bytes8' },
  endMark: { offset: 510, type: 'u16' },
} as const satisfies Layout;

export const endMark = 0xaa55;
export const entrySize = 4;
/** The upper four bits of an entry mean nothing. */
export const entryMask = 0x0fffffff;
/** The first two entries of the table belong to no cluster. */
export const firstCluster = 2;
