/** The log that QEMU's blklogwrites driver keeps: dm-log-writes of Linux (drivers/md/dm-log-writes.c), little-endian. */

export const magic = 0x6a736677736872n;
export const sectorBytes = 512;

/** In the first sector. */
export const superblock = {
  magic: { offset: 0, size: 8 },
  version: { offset: 8, size: 8 },
  /** Written now and then only: entries are counted by reading them. */
  entries: { offset: 16, size: 8 },
  sectorBytes: { offset: 24, size: 4 },
} as const;

/** At the start of a sector of its own; what was written follows in the next ones. */
export const entry = {
  sector: { offset: 0, size: 8 },
  sectors: { offset: 8, size: 8 },
  flags: { offset: 16, size: 8 },
} as const;

export const flags = { flush: 1n, fua: 2n, discard: 4n } as const;
