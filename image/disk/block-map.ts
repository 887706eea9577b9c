/**
 * The block map of a disk image: what a flasher must write. Not the blocks that happen to be other than zero, but those
 * that mean something: dm-verity wants the zeros of a root too, and a FAT's free entries are zeros. Where old content
 * could be mistaken for something of ours (the heads of empty partitions, the room behind the last one) zeros are mapped.
 */
import { createHash } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { type BlockMap, encodeBmap } from '../formats/bmap/bmap.ts';
import { blockSize } from '../formats/bmap/layout.ts';
import { bootSectorSize } from '../formats/fat/layout.ts';
import { type ByteRange, readGeometry, usedRanges } from '../formats/fat/used.ts';
import { primarySectors } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { writeAside } from './aside.ts';
import type { DiskLayout } from './partitions.ts';

/** Every signature of a file system, of LUKS or LVM lies within the first mebibyte of its partition. */
const headBytes = 2 ** 20;
const pieceSize = 4 * 2 ** 20;

/** Writes `output` for the image that `writeDisk` made of the same layout and contents. */
export async function writeBlockMap(
  output: string,
  raw: string,
  layout: DiskLayout,
  contents: Readonly<Record<string, string>>,
): Promise<void> {
  const used = new Map<string, readonly ByteRange[]>();
  for (const [name, file] of Object.entries(contents)) used.set(name, await usedOf(file));
  const map = await digestRanges(raw, wholeBlocks(meaningful(layout, used)));
  const text = encodeBmap(map, (content) => createHash('sha256').update(content).digest('hex'));
  await writeAside(output, (file) => file.writeFile(text));
}

/** All of a file, or what is in use when it is a FAT file system. */
async function usedOf(file: string): Promise<readonly ByteRange[]> {
  await using handle = await open(file);
  const sector = Buffer.alloc(bootSectorSize);
  await handle.read(sector, 0, sector.length, 0);
  const geometry = readGeometry(sector);
  if (geometry === null) return [{ from: 0, to: (await handle.stat()).size }];
  const table = Buffer.alloc(geometry.tableBytes);
  await handle.read(table, 0, table.length, geometry.tableOffset);
  return usedRanges(geometry, table);
}

function meaningful(layout: DiskLayout, used: ReadonlyMap<string, readonly ByteRange[]>): ByteRange[] {
  const ranges: ByteRange[] = [{ from: 0, to: primarySectors * sectorSize }];
  let end = 0;
  for (const { name, firstLba, sectors } of layout.partitions) {
    const start = firstLba * sectorSize;
    const head = { from: 0, to: Math.min(headBytes, sectors * sectorSize) };
    for (const { from, to } of used.get(name) ?? [head]) ranges.push({ from: start + from, to: start + to });
    end = Math.max(end, start + sectors * sectorSize);
  }
  // The backup table, and before it where the data partition will begin.
  return [...ranges, { from: end, to: layout.diskSectors * sectorSize }];
}

/** Ranges of whole blocks in ascending order, joined where they touch. */
function wholeBlocks(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: { from: number; to: number }[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const from = Math.floor(range.from / blockSize) * blockSize;
    const to = Math.ceil(range.to / blockSize) * blockSize;
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else if (from < to) joined.push({ from, to });
  }
  return joined;
}

async function digestRanges(raw: string, ranges: readonly ByteRange[]): Promise<BlockMap> {
  await using handle = await open(raw);
  const buffer = Buffer.allocUnsafe(pieceSize);
  const digested = [];
  for (const { from, to } of ranges) {
    const hash = createHash('sha256');
    for (let at = from; at < to; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(pieceSize, to - at), at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    digested.push({
      firstBlock: from / blockSize,
      lastBlock: to / blockSize - 1,
      sha256: hash.digest('hex'),
    });
  }
  return { imageBytes: (await stat(raw)).size, blockSize, ranges: digested };
}
