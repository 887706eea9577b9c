/** Looks at an image file from end to end before anything is written: its length, its sums, its block map. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import { parseSums, sumsName } from '../disk/sums.ts';
import { sha256OfFile } from '../disk/write-disk.ts';
import { type BlockMap, decodeBmap, type MappedRange } from '../formats/bmap/bmap.ts';
import type { ImageSource } from './image-source.ts';
import { readImageTable, tableBytes } from './ranges.ts';

export interface CheckedImage {
  readonly imageBytes: number;
  /** From the `.bmap` beside the image. */
  readonly map: BlockMap | null;
  /** What the image was held against, in words. */
  readonly checkedBy: readonly string[];
}

/**
 * @param file of the source.
 * @throws BuildError `damaged-input` or `not-an-image`.
 */
export async function checkImage(
  source: ImageSource,
  file: string,
  signal: AbortSignal,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<CheckedImage> {
  const isSummed = await checkSum(file);
  const map = await readMap(file);
  const checkMap = mapCheck(map?.ranges ?? [], map?.blockSize ?? 1, source.name);
  let imageBytes = 0;
  let length = 0;
  for await (const { at, bytes } of source.pieces(signal)) {
    if (at === 0) imageBytes = lengthByTable(bytes, source.name);
    checkMap(at, bytes);
    length = at + bytes.length;
    onProgress(length, imageBytes);
  }
  if (length === 0) lengthByTable(new Uint8Array(), source.name);
  checkLength(length, imageBytes, source.name);
  if (map !== null && map.imageBytes !== imageBytes)
    throw damaged(
      `The block map beside ${file} is of an image of another length. Fetch both again, or remove the map.`,
    );
  const checkedBy = [...(isSummed ? [sumsName] : []), ...(map === null ? [] : ['block map'])];
  return { imageBytes, map, checkedBy };
}

/** @throws BuildError `not-an-image` when no partition table is there. */
export function lengthByTable(start: Uint8Array, name: string): number {
  try {
    return readImageTable(start.subarray(0, tableBytes)).imageBytes;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError('not-an-image', `${name} is no disk image: ${reason}.`, { cause });
  }
}

/** @throws BuildError `damaged-input` unless the image was as long as its partition table says. */
export function checkLength(length: number, imageBytes: number, name: string): void {
  if (length < imageBytes)
    throw damaged(
      `The image ${name} was cut short: it has ${length} of ${imageBytes} bytes. Fetch it again.`,
    );
  if (length > imageBytes)
    throw damaged(
      `The image ${name} has ${length} bytes and its partition table says ${imageBytes}: it is none that trivet build made. Fetch the .raw or .raw.zst again.`,
    );
}

/** @returns whether SHA256SUMS beside the image names it. */
async function checkSum(file: string): Promise<boolean> {
  const text = await readBeside(path.join(path.dirname(file), sumsName));
  const wanted = text === null ? undefined : parseSums(text).get(path.basename(file));
  if (wanted === undefined) return false;
  if ((await sha256OfFile(file)) === wanted) return true;
  throw damaged(
    `The image ${file} is not what ${sumsName} beside it says: it is damaged or changed. Fetch both again.`,
  );
}

async function readMap(file: string): Promise<BlockMap | null> {
  const mapFile = `${file.replace(/\.zst$/, '')}.bmap`;
  const text = await readBeside(mapFile);
  if (text === null) return null;
  try {
    return decodeBmap(text, (content) => createHash('sha256').update(content).digest('hex'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BuildError(
      'damaged-input',
      `The block map ${mapFile} cannot be used: ${reason}. Fetch it again, or remove it.`,
      {
        cause,
      },
    );
  }
}

async function readBeside(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}

/** A function that takes the image's pieces in their order and holds each mapped range against its digest. */
function mapCheck(
  ranges: readonly MappedRange[],
  blockSize: number,
  name: string,
): (at: number, bytes: Uint8Array) => void {
  let index = 0;
  let hash = createHash('sha256');
  return (at, bytes) => {
    for (; index < ranges.length; index += 1) {
      const { firstBlock, lastBlock, sha256 } = ranges[index]!;
      const [from, to] = [firstBlock * blockSize, (lastBlock + 1) * blockSize];
      if (from >= at + bytes.length) return;
      hash.update(bytes.subarray(Math.max(0, from - at), Math.max(0, to - at)));
      if (to > at + bytes.length) return;
      if (hash.digest('hex') !== sha256)
        throw damaged(
          `The image ${name} is not what its block map says, between bytes ${from} and ${to}. Fetch both again.`,
        );
      hash = createHash('sha256');
    }
  };
}

function damaged(message: string): BuildError {
  return new BuildError('damaged-input', message);
}
