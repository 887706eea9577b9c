/** Which bytes of a FAT32 file system mean something: all but the clusters that its table calls free. */
import { decodeRecord } from '../struct.ts';
import * as layout from './layout.ts';

export interface FatGeometry {
  readonly tableOffset: number;
  readonly tableBytes: number;
  readonly clustersOffset: number;
  readonly clusterBytes: number;
  readonly clusters: number;
}

/** Bytes from `from` up to, and without, `to`. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** @returns null when the sector does not begin a FAT32 file system. */
export function readGeometry(firstSector: Uint8Array): FatGeometry | null {
  if (firstSector.length < layout.bootSectorSize) return null;
  const sector = decodeRecord(layout.bootSector, firstSector);
  const kind = Buffer.from(sector.kind).toString('latin1');
  const { bytesPerSector: size, sectorsPerCluster, tables } = sector;
  if (sector.endMark !== layout.endMark || kind !== 'FAT32   ') return null;
  if (size === 0 || sectorsPerCluster === 0 || sector.rootEntries !== 0 || sector.sectorsPerTable16 !== 0)
    return null;
  const firstClusterSector = sector.reservedSectors + tables * sector.sectorsPerTable;
  if (firstClusterSector > sector.sectors) return null;
  return {
    tableOffset: sector.reservedSectors * size,
    tableBytes: sector.sectorsPerTable * size,
    clustersOffset: firstClusterSector * size,
    clusterBytes: sectorsPerCluster * size,
    clusters: Math.floor((sector.sectors - firstClusterSector) / sectorsPerCluster),
  };
}

/** In ascending order; the first one holds everything up to the clusters. */
export function usedRanges(geometry: FatGeometry, table: Uint8Array): ByteRange[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const ranges: { from: number; to: number }[] = [{ from: 0, to: geometry.clustersOffset }];
  for (let index = 0; index < geometry.clusters; index += 1) {
    const at = (index + layout.firstCluster) * layout.entrySize;
    if (at + layout.entrySize > table.length) break;
    if ((view.getUint32(at, true) & layout.entryMask) === 0) continue;
    const from = geometry.clustersOffset + index * geometry.clusterBytes;
    const last = ranges.at(-1)!;
    if (last.to === from) last.to = from + geometry.clusterBytes;
    else ranges.push({ from, to: from + geometry.clusterBytes });
  }
  return ranges;
}
