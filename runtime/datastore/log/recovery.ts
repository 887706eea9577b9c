/**
 * Reads a log back at start. Frames are written one after the other, each synced before the next, so what is
 * wrong with the last frame is a write that the power cut tore: it was promised to nobody and is dropped.
 * Anything else that does not fit is damage: this node must not trust its memory, nor vote on it.
 */
import { join } from 'node:path';
import type { HardState } from '../../raft/types.ts';
import { LogStorageError } from './errors.ts';
import type { FileLayer } from './files.ts';
import { SEGMENT_HEADER_BYTES } from './layout.ts';
import { parseSegmentName } from './names.ts';
import { Replay } from './replay.ts';
import { decodeFrame, decodeSegmentHeader, type Frame, findFrame, type SegmentHeader } from './segment.ts';

/** A segment as recovery leaves it. */
export interface FoundSegment {
  readonly path: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly nonce: bigint;
  /** Where the last good frame starts; 0, to take in the header, if it is the first one. */
  readonly lastFrameStart: number;
  /** Where the next frame goes. */
  readonly end: number;
  /** The highest index of an entry in it that no later base has replaced; 0 for none. */
  highestIndex: number;
}

export interface Recovery {
  readonly replay: Replay;
  readonly segments: readonly FoundSegment[];
  /** The number of the last good frame; 0 for none. */
  readonly lastFrame: number;
  readonly truncatedTail: boolean;
  readonly damaged: string | null;
}

export async function recoverLog(files: FileLayer, directory: string): Promise<Recovery> {
  const reader = new LogReader();
  const names = (await files.list(directory)).filter((name) => parseSegmentName(name) !== null);
  for (const [position, name] of names.entries()) {
    const path = join(directory, name);
    reader.read(path, parseSegmentName(name)!, await readFile(files, path), position === names.length - 1);
  }
  return reader.finish();
}

async function readFile(files: FileLayer, path: string): Promise<Buffer> {
  const file = await files.open(path);
  try {
    return await file.read(0, await file.size());
  } finally {
    await file.close();
  }
}

class LogReader {
  readonly #replay = new Replay();
  readonly #segments: FoundSegment[] = [];
  /** The newest term and vote seen anywhere, also behind damage: it must not be forgotten with the log. */
  #newestHardState: HardState | null = null;
  #lastFrame = 0;
  /** Of the segment being read. */
  #highestIndex = 0;
  #truncatedTail = false;
  #damaged: string | null = null;

  read(path: string, sequence: number, segment: Buffer, isLast: boolean): void {
    const header = this.#readHeader(path, sequence, segment);
    const place = { path, sequence, bytes: segment.length };
    if (header === null) {
      const { length } = segment;
      this.#segments.push({ ...place, nonce: 0n, lastFrameStart: length, end: length, highestIndex: 0 });
      return;
    }
    this.#highestIndex = 0;
    let end = SEGMENT_HEADER_BYTES;
    let lastFrameStart = 0;
    for (let frame = decodeFrame(segment, header.nonce, end); frame !== null; ) {
      this.#play(path, frame);
      lastFrameStart = end === SEGMENT_HEADER_BYTES ? 0 : end;
      end = frame.end;
      frame = decodeFrame(segment, header.nonce, end);
    }
    this.#checkRest(path, segment, header.nonce, end, isLast);
    this.#segments.push({
      ...place,
      nonce: header.nonce,
      lastFrameStart,
      end,
      highestIndex: this.#highestIndex,
    });
  }

  finish(): Recovery {
    if (this.#replay.gap) this.#damage('entries are missing');
    if (this.#damaged !== null) this.#replay.hardState = this.#newestHardState;
    return {
      replay: this.#replay,
      segments: this.#segments,
      lastFrame: this.#lastFrame,
      truncatedTail: this.#truncatedTail,
      damaged: this.#damaged,
    };
  }

  #readHeader(path: string, sequence: number, segment: Buffer): SegmentHeader | null {
    const result = decodeSegmentHeader(segment);
    if (result.kind === 'otherVersion') {
      const advice = 'start the version that wrote it, or let the node join anew with an empty directory';
      throw new LogStorageError(
        'version',
        `${path}: log format ${result.version}, this program knows 1; ${advice}`,
      );
    }
    const previous = this.#segments.at(-1)?.sequence;
    if (previous !== undefined && sequence !== previous + 1)
      this.#damage(`${path}: the segment before it is missing`);
    if (result.kind === 'ok' && result.header.sequence === sequence) return result.header;
    // The header is durable before the file gets its name, so this is no torn write.
    this.#damage(`${path}: the header is damaged`);
    return null;
  }

  #play(path: string, frame: Frame): void {
    const follows = this.#lastFrame === 0 || frame.number === this.#lastFrame + 1;
    if (!follows) this.#damage(`${path}: frame ${frame.number} follows frame ${this.#lastFrame}`);
    this.#lastFrame = Math.max(this.#lastFrame, frame.number);
    for (const record of frame.records) {
      if (record.kind === 'hardState') this.#noteHardState(record.hardState);
      // What comes after damage may not fit what came before it.
      if (this.#damaged !== null) continue;
      this.#replay.apply(record);
      if (record.kind === 'entry') this.#highestIndex = Math.max(this.#highestIndex, record.entry.index);
      if (record.kind === 'base' && record.replacesLog) this.#forgetEntries();
    }
  }

  #forgetEntries(): void {
    this.#highestIndex = 0;
    for (const segment of this.#segments) segment.highestIndex = 0;
  }

  /** Looks at what follows the last good frame of a segment. */
  #checkRest(path: string, segment: Buffer, nonce: bigint, end: number, isLast: boolean): void {
    for (
      let frame = findFrame(segment, nonce, end);
      frame !== null;
      frame = findFrame(segment, nonce, frame.end)
    ) {
      this.#damage(`${path}: bad bytes at ${end}, before frame ${frame.number}`);
      this.#play(path, frame);
    }
    // A segment gets its name only when its first frame is durable.
    if (end === SEGMENT_HEADER_BYTES) this.#damage(`${path}: the first frame is damaged`);
    if (isLast && segment.subarray(end).some((byte) => byte !== 0))
      this.#truncatedTail = this.#damaged === null;
  }

  #noteHardState(state: HardState): void {
    const newest = this.#newestHardState;
    // Terms only rise, and a vote is never taken back within a term.
    if (newest === null || state.term > newest.term || (state.term === newest.term && state.vote !== null)) {
      this.#newestHardState = state;
    }
  }

  #damage(reason: string): void {
    this.#damaged ??= reason;
  }
}
