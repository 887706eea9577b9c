/** Copies a part of a disk image into a file of its own. */
import { open } from 'node:fs/promises';
import { isZero } from './write-disk.ts';

const pieceSize = 4 * 1024 * 1024;

/** Leaves holes where it is all zero. @throws Error when the image ends before the part does. */
export async function copyRange(input: string, from: number, size: number, output: string): Promise<void> {
  await using source = await open(input);
  await using target = await open(output, 'w');
  await target.truncate(size);
  const buffer = Buffer.allocUnsafe(pieceSize);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await source.read(buffer, 0, Math.min(pieceSize, size - at), from + at);
    if (bytesRead === 0) throw new Error(`the image ends at byte ${from + at}, within a partition`);
    const piece = buffer.subarray(0, bytesRead);
    if (!isZero(piece)) await target.write(piece, 0, piece.length, at);
    at += bytesRead;
  }
}
