/**
 * Writes `trivet-NAME-VERSION.update`: what a device of this image needs to become this version. The format is the
 * device's (`runtime/updates/format.ts`). The same parts and the same key give the same bytes.
 */
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  encodeHead,
  encodeManifest,
  type UpdateManifest,
  type UpdatePart,
} from '../../runtime/updates/format.ts';
import type { Cache } from '../cache/cache.ts';
import { compressImage } from '../disk/compress.ts';
import { pieces, sha256OfFile } from '../disk/write-disk.ts';

/** A part before it is compressed. */
export interface UpdateSource {
  readonly kind: UpdatePart['kind'];
  /** Of a boot file: its place in the slot's folder on the boot partition. */
  readonly path?: string;
  readonly file: string;
  /** Where it lies in the disk image: it is cut at the same places, and what was compressed for the image serves again. */
  readonly diskOffset?: number;
}

export interface UpdateOptions {
  readonly cache: Cache;
  readonly output: string;
  /** For the compressed parts. */
  readonly workDirectory: string;
  readonly manifest: Omit<UpdateManifest, 'format' | 'parts'>;
  readonly sources: readonly UpdateSource[];
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export async function writeUpdate(options: UpdateOptions): Promise<void> {
  const stored: string[] = [];
  const parts: UpdatePart[] = [];
  for (const [index, source] of options.sources.entries()) {
    const file = path.join(options.workDirectory, `part-${index}.zst`);
    const frames = await compressImage(options.cache, source.file, file, source.diskOffset ?? 0);
    stored.push(file);
    parts.push(await describePart(source, file, frames));
  }
  const manifest = encodeManifest({ format: 'trivet-update-1', ...options.manifest, parts });
  const head = encodeHead(manifest, await options.sign(manifest));
  // Under another name until it is whole, so that an interrupted build leaves none that looks finished.
  const unfinished = `${options.output}.${process.pid}`;
  {
    await using output = await open(unfinished, 'w');
    await output.writeFile(head);
    await output.writeFile(manifest);
    for (const file of stored) await append(output, file);
  }
  await rename(unfinished, options.output);
}

async function describePart(
  source: UpdateSource,
  storedFile: string,
  frames: readonly number[],
): Promise<UpdatePart> {
  const common = {
    sizeBytes: (await stat(source.file)).size,
    sha256: await sha256OfFile(source.file),
    frames: [...frames],
    storedSha256: await sha256OfFile(storedFile),
  };
  if (source.kind !== 'file') return { kind: source.kind, ...common };
  return { kind: 'file', path: source.path ?? path.basename(source.file), ...common };
}

async function append(output: FileHandle, file: string): Promise<void> {
  for await (const { piece } of pieces(file)) await output.writeFile(piece);
}
