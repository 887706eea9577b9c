/** The footer of a virtual hard disk: "Virtual Hard Disk Image Format Specification", 1.0. Integers are big-endian. */
import type { Layout } from '../struct.ts';

export const footerSize = 512;

export const footer = {
  cookie: { offset: 0, type: 'bytes8' },
  features: { offset: 8, type: 'u32' },
  version: { offset: 12, type: 'u32' },
  /** All ones: a fixed disk has no further header. */
  dataOffset: { offset: 16, type: 'u64' },
  /** Seconds since 2000-01-01. */
  timestamp: { offset: 24, type: 'u32' },
  creatorApplication: { offset: 28, type: 'bytes4' },
  creatorVersion: { offset: 32, type: 'u32' },
  creatorHost: { offset: 36, type: 'bytes4' },
  originalSize: { offset: 40, type: 'u64' },
  currentSize: { offset: 48, type: 'u64' },
  cylinders: { offset: 56, type: 'u16' },
  heads: { offset: 58, type: 'u8' },
  sectorsPerTrack: { offset: 59, type: 'u8' },
  diskType: { offset: 60, type: 'u32' },
  /** The complement of the sum of all bytes, with this field zero. */
  checksum: { offset: 64, type: 'u32' },
  uuid: { offset: 68, type: 'bytes16' },
  savedState: { offset: 84, type: 'u8' },
} as const satisfies Layout;

export const fixedDisk = 2;
/** Bit 1 is reserved and always set. */
export const features = 2;
