/**
 * Compresses the disk image with zstd, in frames of 4 MiB that follow one another, which every zstd reads as one file.
 * A frame is kept by the digest of its content: after a small change most of the image need not be compressed again.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { Cache } from '../cache/cache.ts';
import { writeAside } from './aside.ts';

const compress = promisify(zstdCompress);

const frameSize = 4 * 1024 * 1024;
const level = 19;
/** Frames that are kept, the least recently used going first: a few images' worth. */
const keptFrames = 512;
/** Frames compressed at a time; more would only wait for a processor. */
const concurrency = 2;

/**
 * @param offset where the input lies in a disk image: it is cut at the same places then, and shares its frames.
 * @returns the sizes of the frames.
 */
export async function compressImage(
  cache: Cache,
  input: string,
  output: string,
  offset = 0,
): Promise<readonly number[]> {
  const directory = path.join(cache.directory, 'frames');
  await mkdir(directory, { recursive: true });
  await using source = await open(input);
  const sizes: number[] = [];
  await writeAside(output, async (target) => {
    const { size } = await source.stat();
    const pending: Promise<Uint8Array>[] = [];
    for (let at = 0; at < size || pending.length > 0; ) {
      while (at < size && pending.length < concurrency) {
        const piece = Buffer.alloc(frameSize - ((offset + at) % frameSize));
        const { bytesRead } = await source.read(piece, 0, piece.length, at);
        const frame = frameOf(directory, piece.subarray(0, bytesRead));
        // It may fail while another one is waited for; its turn comes.
        frame.catch(() => {});
        pending.push(frame);
        at += bytesRead;
      }
      const frame = await pending.shift()!;
      await target.writeFile(frame);
      sizes.push(frame.length);
    }
  });
  await dropOldest(directory);
  return sizes;
}

async function frameOf(directory: string, content: Uint8Array): Promise<Uint8Array> {
  const digest = createHash('sha256').update(content).digest('hex');
  const file = path.join(directory, `${digest}-${level}-${process.versions.zstd}.zst`);
  const known = await readFile(file).catch(() => null);
  if (known !== null) {
    const now = new Date();
    await utimes(file, now, now);
    return known;
  }
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  const frame = await compress(content, { params });
  // A name of its own: frames of the same content, such as zeros, are made at the same time.
  const unfinished = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(unfinished, frame);
  await rename(unfinished, file);
  return frame;
}

async function dropOldest(directory: string): Promise<void> {
  const files = (await readdir(directory)).map((name) => path.join(directory, name));
  if (files.length <= keptFrames) return;
  const used = await Promise.all(files.map(async (file) => ({ file, usedAt: (await stat(file)).mtimeMs })));
  used.sort((a, b) => b.usedAt - a.usedAt);
  await Promise.all(used.slice(keptFrames).map(({ file }) => rm(file, { force: true })));
}
