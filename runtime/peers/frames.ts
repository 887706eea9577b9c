/**
 * Frames on a byte stream: u32 big-endian length, then that many bytes. The length is checked before anything is
 * kept, so that a stranger cannot make us hold memory.
 */
import type { Duplex } from 'node:stream';

/** For members: larger than any message the replica makes. */
export const memberFrameLimitBytes = 16 * 1024 * 1024;
/** For machines that are not members yet. */
export const strangerFrameLimitBytes = 64 * 1024;

const lengthBytes = 4;

/** The peer broke the framing: the connection is dropped, nothing else happens. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

export interface FrameHandlers {
  readonly onFrame: (frame: Uint8Array) => void;
  /** Called once, also for an orderly end; the stream is destroyed then. */
  readonly onEnd: (error: Error | null) => void;
}

/** Reads frames from a stream until it ends or breaks the rules. */
export function readFrames(stream: Duplex, limitBytes: number, handlers: FrameHandlers): void {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let ended = false;
  const end = (error: Error | null): void => {
    if (ended) return;
    ended = true;
    chunks = [];
    stream.destroy();
    handlers.onEnd(error);
  };
  const takeFrames = (): void => {
    let buffer = Buffer.concat(chunks, buffered);
    while (!ended && buffer.length >= lengthBytes) {
      const length = buffer.readUInt32BE(0);
      if (length > limitBytes) {
        end(new FrameError(`a frame of ${length} bytes; at most ${limitBytes} are accepted`));
        return;
      }
      if (buffer.length < lengthBytes + length) break;
      handlers.onFrame(buffer.subarray(lengthBytes, lengthBytes + length));
      buffer = buffer.subarray(lengthBytes + length);
    }
    chunks = buffer.length > 0 ? [buffer] : [];
    buffered = buffer.length;
  };
  stream.on('data', (chunk: Buffer) => {
    if (ended) return;
    chunks.push(chunk);
    buffered += chunk.length;
    if (buffered >= neededBytes(chunks, buffered)) takeFrames();
  });
  stream.on('error', (error: Error) => end(error));
  stream.on('close', () => end(null));
}

/** Writes one frame. False when the stream's buffer is full: wait for `drain`. */
export function writeFrame(stream: Duplex, frame: Uint8Array): boolean {
  return writeFrames(stream, [frame]);
}

/** Writes frames in one piece: every write to an encrypted stream costs as much as many bytes. */
export function writeFrames(stream: Duplex, frames: readonly Uint8Array[]): boolean {
  const size = frames.reduce((sum, frame) => sum + lengthBytes + frame.length, 0);
  const whole = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const frame of frames) {
    whole.writeUInt32BE(frame.length, offset);
    whole.set(frame, offset + lengthBytes);
    offset += lengthBytes + frame.length;
  }
  return stream.write(whole);
}

/** How much must be there before looking again is worth it: joining the pieces of a large frame once is enough. */
function neededBytes(chunks: readonly Buffer[], buffered: number): number {
  const first = chunks[0];
  if (!first || first.length < lengthBytes) return buffered;
  return lengthBytes + first.readUInt32BE(0) > memberFrameLimitBytes + lengthBytes
    ? 0
    : lengthBytes + first.readUInt32BE(0);
}
