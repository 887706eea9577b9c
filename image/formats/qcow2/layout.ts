/** The qcow2 disk image on disk, version 3: QEMU, docs/interop/qcow2.txt. Integers are big-endian. */
import type { Layout } from '../struct.ts';

export const clusterBits = 16;
export const clusterSize = 2 ** clusterBits;
/** Every table entry, of L1, L2 and the refcount table, has eight bytes; a refcount has two. */
export const entriesPerTable = clusterSize / 8;
export const refcountOrder = 4;
export const refcountsPerBlock = clusterSize / 2;
export const headerSize = 104;

export const header = {
  magic: { offset: 0, type: 'bytes4' },
  version: { offset: 4, type: 'u32' },
  backingFileOffset: { offset: 8, type: 'u64' },
  backingFileSize: { offset: 16, type: 'u32' },
  clusterBits: { offset: 20, type: 'u32' },
  /** In bytes, as the guest sees it. */
  virtualSize: { offset: 24, type: 'u64' },
  encryption: { offset: 32, type: 'u32' },
  l1Entries: { offset: 36, type: 'u32' },
  l1Offset: { offset: 40, type: 'u64' },
  refcountTableOffset: { offset: 48, type: 'u64' },
  refcountTableClusters: { offset: 56, type: 'u32' },
  snapshots: { offset: 60, type: 'u32' },
  snapshotsOffset: { offset: 64, type: 'u64' },
  incompatibleFeatures: { offset: 72, type: 'u64' },
  compatibleFeatures: { offset: 80, type: 'u64' },
  autoclearFeatures: { offset: 88, type: 'u64' },
  refcountOrder: { offset: 96, type: 'u32' },
  headerSize: { offset: 100, type: 'u32' },
} as const satisfies Layout;

/** In entries of L1 and L2: exactly one reference leads here, so it may be written in place. */
export const copiedFlag = 1n << 63n;
/** In entries of L2: where a compressed cluster begins, any byte, and how many sectors after its first one it touches. */
export const compressedFlag = 1n << 62n;
export const compressedSectorsShift = 62n - BigInt(clusterBits - 8);
export const sectorSize = 512;
