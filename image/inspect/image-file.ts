/** A finished image as a file: raw or compressed, and what lies beside it. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { BuildError } from '../build-error.ts';
import { primarySectors } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { type Lock, readLock } from '../packages/lock.ts';

export interface ImageFile {
  /** As the person named it. */
  readonly file: string;
  /** The raw disk: the file itself, or what it was decompressed to. */
  readonly rawFile: string;
  readonly sizeBytes: number;
  readonly directory: string;
  /** What the names of the files beside it begin with. */
  readonly baseName: string;
}

/**
 * @param workDirectory where a compressed image is decompressed to.
 * @throws BuildError `not-an-image` when there is no such file or it cannot be decompressed.
 */
export async function openImageFile(file: string, workDirectory: string): Promise<ImageFile> {
  const form = /\.(qcow2|vmdk|vhd|update)$/.exec(file)?.[1];
  if (form !== undefined) {
    throw new BuildError(
      'not-an-image',
      `${file}: only .raw and .raw.zst are read. Name one of them; SHA256SUMS has the digest of the .${form} too.`,
    );
  }
  const isCompressed = file.endsWith('.zst');
  const rawFile = isCompressed ? path.join(workDirectory, 'disk.raw') : file;
  try {
    if (isCompressed) {
      await pipeline(createReadStream(file), createZstdDecompress(), createWriteStream(rawFile));
    }
    const { size } = await stat(rawFile);
    const baseName = path
      .basename(file)
      .replace(/\.zst$/, '')
      .replace(/\.raw$/, '');
    return { file, rawFile, sizeBytes: size, directory: path.dirname(file), baseName };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT'
        ? 'there is no such file'
        : isCompressed
          ? `it is damaged or not complete (${message}): fetch it again`
          : message;
    throw new BuildError('not-an-image', `${file} is no image: ${reason}.`, { cause });
  }
}

/** `sectors` from `firstLba` on; fewer bytes when the image ends before. A negative `firstLba` counts from the end. */
export async function readSectors(image: ImageFile, firstLba: number, sectors: number): Promise<Buffer> {
  await using handle = await open(image.rawFile);
  const at = firstLba * sectorSize + (firstLba < 0 ? image.sizeBytes : 0);
  const bytes = Buffer.alloc(sectors * sectorSize);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, Math.max(0, at));
  return bytes.subarray(0, bytesRead);
}

/** Master boot record, primary header and entries. */
export function readPrimary(image: ImageFile): Promise<Buffer> {
  return readSectors(image, 0, primarySectors);
}

/** The lock file beside the image; null when there is none. */
export async function lockBeside(image: ImageFile): Promise<Lock | null> {
  const file = besideImage(image, '.lock.json');
  return (await readOptional(file)) === null ? null : readLock(file);
}

export function besideImage(image: ImageFile, extension: string): string {
  return path.join(image.directory, `${image.baseName}${extension}`);
}

/** Null when there is no such file. */
export function readOptional(file: string): Promise<Buffer | null> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
