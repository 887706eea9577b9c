/**
 * Keeps one empty segment ready, written full of zeros: its blocks are allocated, so that appending neither
 * fails for lack of space nor changes the file's size, which would make each sync slower.
 */
import { join } from 'node:path';
import type { FileLayer, LogFile } from './files.ts';
import { SPARE_NAME } from './names.ts';

const CHUNK_BYTES = 256 * 1024;

export interface SpareSegment {
  readonly file: LogFile;
  readonly bytes: number;
}

export class SpareSegments {
  readonly #files: FileLayer;
  readonly #path: string;
  readonly #bytes: number;
  #making: Promise<SpareSegment> | null = null;

  constructor(files: FileLayer, directory: string, bytes: number) {
    this.#files = files;
    this.#path = join(directory, SPARE_NAME);
    this.#bytes = bytes;
  }

  get path(): string {
    return this.#path;
  }

  /** Starts making one, if there is none. A failure shows when the segment is taken. */
  prepare(): void {
    if (this.#making !== null) return;
    this.#making = this.#findOrMake(this.#bytes);
    this.#making.catch(() => undefined);
  }

  /** A segment of at least this many bytes. Throws what the file system says, for example that it is full. */
  async take(leastBytes: number): Promise<SpareSegment> {
    this.prepare();
    const making = this.#making!;
    this.#making = null;
    // There may be space again since it failed.
    const spare = await making.catch(() => this.#findOrMake(leastBytes));
    if (spare.bytes >= leastBytes) return spare;
    await spare.file.close();
    return this.#make(leastBytes);
  }

  /** Waits for the work in progress and lets go of its file. */
  async close(): Promise<void> {
    const spare = await this.#making?.catch(() => null);
    this.#making = null;
    await spare?.file.close();
  }

  async #findOrMake(bytes: number): Promise<SpareSegment> {
    const left = await this.#findBlank(bytes).catch(() => null);
    return left ?? this.#make(bytes);
  }

  /** The spare of an earlier start, if nothing was written to it yet: a full disk may not have room for another. */
  async #findBlank(bytes: number): Promise<SpareSegment | null> {
    const file = await this.#files.open(this.#path);
    const size = await file.size();
    const isBlank = size === bytes && (await file.read(0, size)).every((byte) => byte === 0);
    if (isBlank) return { file, bytes };
    await file.close();
    return null;
  }

  async #make(bytes: number): Promise<SpareSegment> {
    const file = await this.#files.create(this.#path);
    try {
      const zeros = Buffer.alloc(CHUNK_BYTES);
      for (let offset = 0; offset < bytes; offset += CHUNK_BYTES) {
        await file.write(zeros.subarray(0, Math.min(CHUNK_BYTES, bytes - offset)), offset);
      }
      await file.sync();
      return { file, bytes };
    } catch (error) {
      await file.close().catch(() => undefined);
      // Half a spare would only take away space that others may need.
      await this.#files.remove(this.#path).catch(() => undefined);
      throw error;
    }
  }
}
