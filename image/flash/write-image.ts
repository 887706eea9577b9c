/**
 * Writes an image's pieces onto a target, and reads back what it wrote. The beginning of the image, with the partition
 * table, is written last: until everything else is on the medium, the disk has no table and does not boot half an image.
 */
import { createHash } from 'node:crypto';
import { BuildError } from '../build-error.ts';
import { isZero } from '../disk/write-disk.ts';
import { checkLength } from './check-image.ts';
import type { Piece } from './image-source.ts';
import { cut, type Range } from './ranges.ts';
import { largestRead, type Target } from './target.ts';

/** A part of the target, and the digest of what must be found there. */
export interface WrittenPart extends Range {
  readonly sha256: string;
}

export interface WriteOptions {
  readonly target: Target;
  /** For messages. */
  readonly imageName: string;
  readonly imageBytes: number;
  /** What of the image is written. */
  readonly ranges: readonly Range[];
  /** What besides is made zero, before anything else. */
  readonly zeros: readonly Range[];
  readonly signal: AbortSignal;
  /** Counts what has been dealt with, written or found zero already. */
  readonly onProgress: (doneBytes: number) => void;
}

export interface Written {
  readonly parts: readonly WrittenPart[];
  /** Sent to the device; less than the parts have where zeros were there already. */
  readonly bytes: number;
}

/** Zeros are told from content in units of this. */
const unitSize = 65_536;
/** So much may wait in the kernel's cache, or progress would run ahead of the disk. */
const unsyncedBytes = 16 * 2 ** 20;
/** Where an old partition table lies, on a disk with sectors of any size. */
const oldTable: Range = { from: 0, to: 2 ** 20 };

/** @throws BuildError `device`, or `damaged-input` when the image ends early or late; the reason of the signal. */
export async function writeImage(pieces: AsyncIterable<Piece>, options: WriteOptions): Promise<Written> {
  const writer = new Writer(options);
  await writer.makeZero({ ...oldTable, to: Math.min(oldTable.to, options.target.sizeBytes) });
  for (const range of options.zeros) await writer.putZeros(range);
  await options.target.sync();
  let head: Piece | null = null;
  let length = 0;
  for await (const piece of pieces) {
    length = piece.at + piece.bytes.length;
    if (length > options.imageBytes) break;
    if (piece.at === 0) head = { at: 0, bytes: Buffer.from(piece.bytes) };
    else await writer.putPiece(piece);
  }
  checkLength(length, options.imageBytes, options.imageName);
  await options.target.sync();
  if (head !== null) await writer.putPiece(head);
  await options.target.sync();
  return { parts: writer.parts, bytes: writer.bytes };
}

class Writer {
  readonly parts: WrittenPart[] = [];
  bytes = 0;
  readonly #options: WriteOptions;
  #unsynced = 0;
  #done = 0;

  constructor(options: WriteOptions) {
    this.#options = options;
  }

  /** Of a piece what lies in the ranges. */
  async putPiece({ at, bytes }: Piece): Promise<void> {
    for (const part of cut(this.#options.ranges, { from: at, to: at + bytes.length })) {
      this.#options.signal.throwIfAborted();
      const content = bytes.subarray(part.from - at, part.to - at);
      await this.#putUnits(part.from, content);
      this.#note(part, content);
    }
  }

  async putZeros(range: Range): Promise<void> {
    for (let from = range.from; from < range.to; from += largestRead) {
      this.#options.signal.throwIfAborted();
      const part = { from, to: Math.min(from + largestRead, range.to) };
      await this.makeZero(part);
      this.#note(part, Buffer.alloc(part.to - part.from));
    }
  }

  /** Reading costs less than writing on flash memory, and most of a new card is zero. */
  async makeZero({ from, to }: Range): Promise<void> {
    if (this.#options.target.isBlank) return;
    const found = Buffer.allocUnsafe(unitSize);
    for (let at = from; at < to; at += unitSize) {
      const size = Math.min(unitSize, to - at);
      const count = await this.#options.target.read(found.subarray(0, size), at);
      if (count < size || !isZero(found.subarray(0, size))) await this.#write(Buffer.alloc(size), at);
    }
  }

  /** Runs of units that are all zero, and runs of others, each at once. */
  async #putUnits(at: number, content: Buffer): Promise<void> {
    const unitIsZero = (from: number): boolean => isZero(content.subarray(from, from + unitSize));
    for (let from = 0; from < content.length; ) {
      const isRunOfZeros = unitIsZero(from);
      let to = from + unitSize;
      while (to < content.length && unitIsZero(to) === isRunOfZeros) to += unitSize;
      to = Math.min(to, content.length);
      if (isRunOfZeros) await this.makeZero({ from: at + from, to: at + to });
      else await this.#write(content.subarray(from, to), at + from);
      from = to;
    }
  }

  async #write(bytes: Buffer, at: number): Promise<void> {
    await this.#options.target.write(bytes, at);
    this.bytes += bytes.length;
    this.#unsynced += bytes.length;
    if (this.#unsynced < unsyncedBytes) return;
    await this.#options.target.sync();
    this.#unsynced = 0;
  }

  #note({ from, to }: Range, content: Uint8Array): void {
    this.parts.push({ from, to, sha256: createHash('sha256').update(content).digest('hex') });
    this.#done += to - from;
    this.#options.onProgress(this.#done);
  }
}

export interface CompareOptions {
  readonly target: Target;
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

/**
 * Reads back every part and holds it against what was written.
 * @returns whether the medium itself was read, not this machine's cache.
 * @throws BuildError `device` where they differ.
 */
export async function compareTarget(
  parts: readonly WrittenPart[],
  options: CompareOptions,
): Promise<boolean> {
  const { target } = options;
  const reader = await target.reader();
  try {
    let done = 0;
    for (const { from, to, sha256 } of parts) {
      options.signal.throwIfAborted();
      const found = createHash('sha256')
        .update(await reader.read(from, to - from))
        .digest('hex');
      if (found !== sha256)
        throw new BuildError(
          'device',
          `${target.path} does not give back what was written between ${(from / 2 ** 20).toFixed(1)} and ${(to / 2 ** 20).toFixed(1)} MiB: it is worn out, or smaller than it claims. Take another one.`,
        );
      done += to - from;
      options.onProgress(done);
    }
    return reader.isDirect;
  } finally {
    await reader.close();
  }
}
