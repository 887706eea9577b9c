/**
 * Writes qcow2 images with compressed clusters: header and L1 table first, the clusters one behind the other, then L2
 * and refcount tables. Clusters of zeros are not there. The caller writes what `placeCluster` and `encodeTables` say.
 */
import type { ZlibOptions } from 'node:zlib';
import { encodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

/** One cluster of the guest in the file. */
export interface Cluster {
  /** Which of the guest's clusters, counted from 0. */
  readonly index: number;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly isCompressed: boolean;
}

/** Bytes and where they belong in the file. */
export interface Chunk {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** For raw deflate. Readers inflate with a window of 4 KiB (QEMU), so nothing may refer further back. */
export const compression: ZlibOptions = { level: 9, windowBits: 12, memLevel: 9 };

/** Where the first cluster may lie. */
export function firstFreeByte(virtualSize: number): number {
  return layout.clusterSize + tableClusters(l1Entries(virtualSize)) * layout.clusterSize;
}

/** Whether a compressed cluster is worth having; it must be smaller than its content. */
export function isWorthIt(compressed: Uint8Array): boolean {
  return compressed.length < layout.clusterSize;
}

/** Compressed clusters are packed by bytes; one as it is takes a whole cluster of the file. */
export function placeCluster(
  freeByte: number,
  index: number,
  sizeBytes: number,
  isCompressed: boolean,
): Cluster {
  return { index, sizeBytes, isCompressed, offset: isCompressed ? freeByte : alignUp(freeByte) };
}

/**
 * Header and all tables, for clusters in ascending order that `placeCluster` put behind each other.
 * @param virtualSize in bytes, whole sectors.
 */
export function encodeTables(virtualSize: number, clusters: readonly Cluster[]): Chunk[] {
  const last = clusters.at(-1);
  const l2Start = alignUp(last ? last.offset + last.sizeBytes : firstFreeByte(virtualSize));
  const l2 = encodeL2(clusters, l2Start);
  const refcountStart = l2Start + l2.tables.length * layout.clusterSize;
  const { tableClusters: refcountTableClusters, blocks } = refcountRoom(refcountStart / layout.clusterSize);
  const total = refcountStart / layout.clusterSize + refcountTableClusters + blocks;
  const header = encodeRecord(
    layout.header,
    layout.clusterSize,
    {
      magic: Buffer.from('QFI\xfb', 'latin1'),
      version: 3,
      backingFileOffset: 0n,
      backingFileSize: 0,
      clusterBits: layout.clusterBits,
      virtualSize: BigInt(virtualSize),
      encryption: 0,
      l1Entries: l1Entries(virtualSize),
      l1Offset: BigInt(layout.clusterSize),
      refcountTableOffset: BigInt(refcountStart),
      refcountTableClusters,
      snapshots: 0,
      snapshotsOffset: 0n,
      incompatibleFeatures: 0n,
      compatibleFeatures: 0n,
      autoclearFeatures: 0n,
      refcountOrder: layout.refcountOrder,
      headerSize: layout.headerSize,
    },
    true,
  );
  const counts = countReferences(clusters, firstFreeByte(virtualSize) / layout.clusterSize, l2Start, total);
  return [
    { offset: 0, bytes: header },
    { offset: layout.clusterSize, bytes: encodeL1(virtualSize, l2) },
    ...l2.tables.map(({ bytes }, index) => ({ offset: l2Start + index * layout.clusterSize, bytes })),
    { offset: refcountStart, bytes: encodeRefcounts(counts, refcountStart, refcountTableClusters, blocks) },
  ];
}

function l1Entries(virtualSize: number): number {
  return Math.ceil(virtualSize / (layout.clusterSize * layout.entriesPerTable));
}

function tableClusters(entries: number): number {
  return Math.max(1, Math.ceil(entries / layout.entriesPerTable));
}

function alignUp(offset: number): number {
  return Math.ceil(offset / layout.clusterSize) * layout.clusterSize;
}

interface L2 {
  readonly tables: readonly { readonly l1Index: number; readonly bytes: Uint8Array }[];
  readonly start: number;
}

/** One table for each entry of L1 that has a cluster. */
function encodeL2(clusters: readonly Cluster[], start: number): L2 {
  const tables = new Map<number, Buffer>();
  for (const cluster of clusters) {
    const l1Index = Math.floor(cluster.index / layout.entriesPerTable);
    const table = tables.get(l1Index) ?? Buffer.alloc(layout.clusterSize);
    tables.set(l1Index, table);
    table.writeBigUInt64BE(l2Entry(cluster), (cluster.index % layout.entriesPerTable) * 8);
  }
  return { start, tables: [...tables].map(([l1Index, bytes]) => ({ l1Index, bytes })) };
}

function l2Entry({ offset, sizeBytes, isCompressed }: Cluster): bigint {
  if (!isCompressed) return layout.copiedFlag | BigInt(offset);
  const sectors =
    Math.floor((offset + sizeBytes - 1) / layout.sectorSize) - Math.floor(offset / layout.sectorSize);
  return layout.compressedFlag | (BigInt(sectors) << layout.compressedSectorsShift) | BigInt(offset);
}

function encodeL1(virtualSize: number, l2: L2): Uint8Array {
  const bytes = Buffer.alloc(tableClusters(l1Entries(virtualSize)) * layout.clusterSize);
  l2.tables.forEach(({ l1Index }, position) => {
    const offset = l2.start + position * layout.clusterSize;
    bytes.writeBigUInt64BE(layout.copiedFlag | BigInt(offset), l1Index * 8);
  });
  return bytes;
}

/** The refcount tables count themselves too, so their number is found by trying. */
function refcountRoom(clustersBefore: number): { readonly tableClusters: number; readonly blocks: number } {
  for (let blocks = 1; ; blocks += 1) {
    const needed = tableClusters(blocks);
    if (clustersBefore + needed + blocks <= blocks * layout.refcountsPerBlock)
      return { tableClusters: needed, blocks };
  }
}

/** How often each cluster of the file is referred to: a shared one as often as compressed clusters reach into it. */
function countReferences(
  clusters: readonly Cluster[],
  firstData: number,
  l2Start: number,
  total: number,
): Uint16Array {
  const counts = new Uint16Array(total);
  counts.fill(1, 0, firstData);
  counts.fill(1, l2Start / layout.clusterSize);
  for (const { offset, sizeBytes } of clusters) {
    const last = Math.floor((offset + sizeBytes - 1) / layout.clusterSize);
    for (let at = Math.floor(offset / layout.clusterSize); at <= last; at += 1) counts[at]! += 1;
  }
  return counts;
}

function encodeRefcounts(counts: Uint16Array, start: number, tableSize: number, blocks: number): Uint8Array {
  const bytes = Buffer.alloc((tableSize + blocks) * layout.clusterSize);
  const firstBlock = tableSize * layout.clusterSize;
  for (let block = 0; block < blocks; block += 1)
    bytes.writeBigUInt64BE(BigInt(start + firstBlock + block * layout.clusterSize), block * 8);
  counts.forEach((count, index) => {
    bytes.writeUInt16BE(count, firstBlock + index * 2);
  });
  return bytes;
}
