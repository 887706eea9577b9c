/** Writes the disk image: a sparse file with the partition table and what is in the partitions. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { encodeTable } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { derivedUuid } from '../plan/plan.ts';
import { writeAside } from './aside.ts';
import type { DiskLayout } from './partitions.ts';

const pieceSize = 4 * 1024 * 1024;
const zeros = Buffer.alloc(pieceSize);

/**
 * @param contents file by partition name; a partition without one stays empty.
 */
export async function writeDisk(
  output: string,
  layout: DiskLayout,
  contents: Readonly<Record<string, string>>,
): Promise<void> {
  const table = { diskGuid: derivedUuid('disk'), partitions: layout.partitions };
  const { primary, backup } = encodeTable(table, layout.diskSectors);
  await writeAside(output, async (disk) => {
    await disk.truncate(layout.diskSectors * sectorSize);
    await disk.write(primary, 0, primary.length, 0);
    for (const partition of layout.partitions) {
      const file = contents[partition.name];
      if (file !== undefined) await copyInto(disk, partition.firstLba * sectorSize, file);
    }
    await disk.write(backup, 0, backup.length, layout.diskSectors * sectorSize - backup.length);
  });
}

/** Copies a file to an offset, leaving holes where it is all zero. */
async function copyInto(disk: FileHandle, offset: number, file: string): Promise<void> {
  for await (const { at, piece } of pieces(file)) {
    if (!isZero(piece)) await disk.write(piece, 0, piece.length, offset + at);
  }
}

/** The file's content in pieces; each is valid until the next is asked for. */
export async function* pieces(file: string): AsyncGenerator<{ at: number; piece: Buffer }> {
  await using handle = await open(file);
  const buffer = Buffer.allocUnsafe(pieceSize);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, pieceSize, at);
    if (bytesRead === 0) return;
    yield { at, piece: buffer.subarray(0, bytesRead) };
    at += bytesRead;
  }
}

export function isZero(piece: Buffer): boolean {
  return piece.equals(zeros.subarray(0, piece.length));
}

/** @returns lower-case hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const { piece } of pieces(file)) hash.update(piece);
  return hash.digest('hex');
}
