/**
 * The segment files as a place to put frames: one frame at a time, durable when the promise resolves, in a new
 * segment when the present one is full; and the deletion of segments whose entries are no longer needed.
 */
import { join } from 'node:path';
import type { Surroundings } from '../clock.ts';
import { isDiskFull, LogStorageError } from './errors.ts';
import type { FileLayer, LogFile } from './files.ts';
import { FRAME_ALIGNMENT, FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './layout.ts';
import { segmentName } from './names.ts';
import { type LogRecord, recordBytes } from './records.ts';
import type { FoundSegment, Recovery } from './recovery.ts';
import { encodeFrame, encodeSegmentHeader } from './segment.ts';
import { SpareSegments } from './spare.ts';

const SYNC_TIMES_KEPT = 64;
/** Room kept at the end of a segment for compaction. */
const MOST_RESERVE_BYTES = 4096;

type Segment = { -readonly [Key in keyof FoundSegment]: FoundSegment[Key] };

export class SegmentWriter {
  readonly #files: FileLayer;
  readonly #surroundings: Surroundings;
  readonly #directory: string;
  readonly #spares: SpareSegments;
  readonly #segments: Segment[];
  /** The last segment's file; null before the first write after damage or in an empty directory. */
  #file: LogFile | null = null;
  #lastFrame: number;
  #syncTimes: number[] = [];

  constructor(
    files: FileLayer,
    surroundings: Surroundings,
    directory: string,
    segmentBytes: number,
    recovery: Recovery,
  ) {
    this.#files = files;
    this.#surroundings = surroundings;
    this.#directory = directory;
    this.#spares = new SpareSegments(files, directory, segmentBytes);
    this.#segments = recovery.segments.map((segment) => ({ ...segment }));
    this.#lastFrame = recovery.lastFrame;
  }

  /** Opens the last segment to go on in it, and prepares the one after it. */
  async open(): Promise<void> {
    const last = this.#segments.at(-1);
    if (last !== undefined) {
      this.#file = await this.#files.open(last.path);
      await this.#rewriteLastFrame(this.#file, last);
    }
    this.#spares.prepare();
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  get segments(): number {
    return this.#segments.length;
  }

  get syncMilliseconds(): readonly number[] {
    return this.#syncTimes;
  }

  /**
   * Writes these records as one frame. `checkpoint` says what is in force before them; a new segment starts
   * with it, so that it can be understood when its predecessors are gone. What `frees` space may use the last
   * bytes of a segment, so that it works when the disk has no room for another one.
   */
  async write(
    records: readonly LogRecord[],
    checkpoint: readonly LogRecord[],
    frees: boolean,
  ): Promise<void> {
    const segment = this.#segments.at(-1);
    const reserve = frees || segment === undefined ? 0 : Math.min(MOST_RESERVE_BYTES, segment.bytes / 16);
    const needed = FRAME_HEADER_BYTES + FRAME_ALIGNMENT + sizeOf(records) + reserve;
    if (segment === undefined || this.#file === null || segment.end + needed > segment.bytes) {
      await this.startSegment([...checkpoint, ...records]);
      return;
    }
    const frame = encodeFrame(segment.nonce, segment.end, this.#lastFrame + 1, records);
    await this.#putSynced(this.#file, frame, segment.end);
    segment.end += frame.length;
    this.#written(segment, records);
  }

  /** Starts a new segment with these records. It gets its name when they are durable in it. */
  async startSegment(records: readonly LogRecord[]): Promise<void> {
    const sequence = (this.#segments.at(-1)?.sequence ?? 0) + 1;
    const nonce = this.#drawNonce();
    const header = encodeSegmentHeader({ sequence, nonce });
    const frame = encodeFrame(nonce, SEGMENT_HEADER_BYTES, this.#lastFrame + 1, records);
    const spare = await this.#takeSpare(header.length + frame.length);
    const path = join(this.#directory, segmentName(sequence));
    try {
      await this.#put(spare.file, Buffer.concat([header, frame]), 0);
      await this.#sync(spare.file);
      await orFail('rename a segment', this.#files.rename(this.#spares.path, path));
      await orFail('sync the log directory', this.#files.syncDirectory(this.#directory));
    } catch (error) {
      await spare.file.close().catch(() => undefined);
      throw error;
    }
    await this.#file?.close();
    this.#file = spare.file;
    const end = header.length + frame.length;
    const segment = { path, sequence, bytes: spare.bytes, nonce, lastFrameStart: 0, end, highestIndex: 0 };
    this.#segments.push(segment);
    this.#written(segment, records);
    this.#spares.prepare();
  }

  /** Deletes the oldest segments as long as they hold only entries up to this index. The last one stays. */
  async deleteUpTo(index: number): Promise<void> {
    let deleted = false;
    while (this.#segments.length > 1 && this.#segments[0]!.highestIndex <= index) {
      await orFail('delete a segment', this.#files.remove(this.#segments.shift()!.path));
      deleted = true;
    }
    if (deleted) await orFail('sync the log directory', this.#files.syncDirectory(this.#directory));
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = null;
    await this.#spares.close();
  }

  async #takeSpare(leastBytes: number): ReturnType<SpareSegments['take']> {
    try {
      return await this.#spares.take(leastBytes);
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : failed('make a segment', error);
    }
  }

  /** Writes; when the disk is full nothing has happened, as the next frame goes to the same place. */
  async #put(file: LogFile, bytes: Buffer, offset: number): Promise<void> {
    try {
      await file.write(bytes, offset);
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : failed('write to the log', error);
    }
  }

  /** As `#put`, and durable. When the disk was full, all of it is written again. */
  async #putSynced(file: LogFile, bytes: Buffer, offset: number): Promise<void> {
    const { clock } = this.#surroundings;
    const start = clock.now();
    try {
      await file.writeSynced(bytes, offset);
    } catch (error) {
      throw isDiskFull(error) ? diskFull(error) : failed('write to the log', error);
    }
    this.#noteSync(clock.now() - start);
  }

  /**
   * The last frame may have come from the page cache of a process that was killed, or whose sync failed, without
   * being on the disk. It counts as durable from now on, so it is made so; and so is the segment's name.
   */
  async #rewriteLastFrame(file: LogFile, { lastFrameStart, end }: Segment): Promise<void> {
    const frame = await file.read(lastFrameStart, end - lastFrameStart);
    await orFail('write to the log', file.write(frame, lastFrameStart));
    await this.#sync(file);
    await orFail('sync the log directory', this.#files.syncDirectory(this.#directory));
  }

  /** A failed sync is not repeated: the kernel may have dropped the data and would call the next one good. */
  async #sync(file: LogFile): Promise<void> {
    const { clock } = this.#surroundings;
    const start = clock.now();
    await orFail('sync the log', file.sync());
    this.#noteSync(clock.now() - start);
  }

  #noteSync(milliseconds: number): void {
    this.#syncTimes.push(milliseconds);
    if (this.#syncTimes.length > SYNC_TIMES_KEPT) this.#syncTimes.shift();
  }

  #drawNonce(): bigint {
    const draw = (): bigint => BigInt(Math.floor(this.#surroundings.random() * 2 ** 32));
    return (draw() << 32n) | draw();
  }

  #written(segment: Segment, records: readonly LogRecord[]): void {
    this.#lastFrame++;
    for (const record of records) {
      // A base that replaces the log makes all entries so far needless.
      if (record.kind === 'base' && record.replacesLog)
        for (const each of this.#segments) each.highestIndex = 0;
      if (record.kind === 'entry') segment.highestIndex = Math.max(segment.highestIndex, record.entry.index);
    }
  }
}

function sizeOf(records: readonly LogRecord[]): number {
  return records.reduce((sum, record) => sum + recordBytes(record), 0);
}

async function orFail(what: string, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw failed(what, error);
  }
}

function failed(what: string, cause: unknown): LogStorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LogStorageError(
    'failed',
    `could not ${what}: ${reason}; restart when the disk is in order`,
    cause,
  );
}

function diskFull(cause: unknown): LogStorageError {
  return new LogStorageError('diskFull', 'no space left for the consensus log; free some space', cause);
}
