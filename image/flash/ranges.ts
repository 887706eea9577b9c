/**
 * What of a disk must be written. Pure.
 *
 * With a block map: what it names. It names whatever of the image means something, zeros included, and zeros for the
 * heads of empty partitions and for the room behind the last one. Without a map: the whole image. Either way zeros are
 * written only where the disk holds something else.
 *
 * Behind the image two places must be zero, or what was on the disk before comes back to life:
 * - the end of the disk, where an old partition table has its backup (33 sectors) and old arrays and ZFS their labels:
 *   tools restore from that backup when the first table looks wrong;
 * - the head of the room where the first boot makes the data partition. It wipes the signatures that it knows and
 *   formats; zeros there make that independent of what it knows. Signatures lie within the first mebibyte.
 * Everything else beyond stays as it is: nothing refers to it, and to erase a disk is another task.
 */
import type { BlockMap } from '../formats/bmap/bmap.ts';
import { decodeTable, type PartitionTable, primarySectors } from '../formats/gpt/gpt.ts';
import { header, sectorSize } from '../formats/gpt/layout.ts';
import { decodeRecord } from '../formats/struct.ts';

/** Bytes from `from` up to, and without, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface ImageTable {
  readonly table: PartitionTable;
  /** The table's backup lies in the last sector, so the table knows how long the image is. */
  readonly imageBytes: number;
}

const mebibyte = 2 ** 20;
const headBytes = 16 * mebibyte;
const endBytes = mebibyte;

/** How much of an image `readImageTable` wants. */
export const tableBytes = primarySectors * sectorSize;

/** @throws Error that says why these bytes do not begin a disk image. */
export function readImageTable(start: Uint8Array): ImageTable {
  const table = decodeTable(start);
  const { otherLba } = decodeRecord(header, start, sectorSize);
  return { table, imageBytes: (Number(otherLba) + 1) * sectorSize };
}

/** What of the image is written. `extra` is in it even where the map does not name it. */
export function imageRanges(imageBytes: number, map: BlockMap | null, extra: readonly Range[] = []): Range[] {
  if (map === null) return [{ from: 0, to: imageBytes }];
  const mapped = map.ranges.map(({ firstBlock, lastBlock }) => ({
    from: firstBlock * map.blockSize,
    to: Math.min((lastBlock + 1) * map.blockSize, imageBytes),
  }));
  return join([...mapped, ...extra]);
}

/** What behind the image is made zero. */
export function zeroRanges(imageBytes: number, diskBytes: number): Range[] {
  const head = { from: imageBytes, to: Math.min(imageBytes + headBytes, diskBytes) };
  const end = { from: Math.max(imageBytes, diskBytes - endBytes), to: diskBytes };
  return join([head, end]);
}

/** The parts of a piece that lie in the ranges. */
export function cut(ranges: readonly Range[], piece: Range): Range[] {
  return ranges
    .map(({ from, to }) => ({ from: Math.max(from, piece.from), to: Math.min(to, piece.to) }))
    .filter(({ from, to }) => from < to);
}

export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** In ascending order, joined where they touch; empty ones are left out. */
function join(ranges: readonly Range[]): Range[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (from < to) joined.push({ from, to });
  }
  return joined;
}
