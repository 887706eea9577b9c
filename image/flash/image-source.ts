/** An image as a sequence of pieces: from a file or standard input, raw or compressed with zstd, told by its first bytes. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { BuildError } from '../build-error.ts';

export interface Piece {
  readonly at: number;
  /** Valid until the next piece is asked for. */
  readonly bytes: Buffer;
}

export interface ImageSource {
  /** For messages. */
  readonly name: string;
  /** The file; null for standard input, which can be read only once. */
  readonly file: string | null;
  pieces(signal: AbortSignal): AsyncGenerator<Piece>;
}

const pieceSize = 4 * 2 ** 20;
const zstdMagic = Buffer.from('28b52ffd', 'hex');
/** What people have at hand and this does not read. */
const otherKinds = [
  ['1f8b', 'gzip', 'gunzip'],
  ['fd377a58', 'xz', 'unxz'],
  ['425a68', 'bzip2', 'bunzip2'],
  ['504b0304', 'zip', 'unzip'],
  ['514649fb', 'qcow2', 'qemu-img convert -O raw'],
  ['4b444d56', 'vmdk', 'qemu-img convert -O raw'],
] as const;

/** @param image a file's name; for standard input `-`, or `/dev/stdin`, which not every kind of it can be opened by. */
export async function openImage(image: string): Promise<ImageSource> {
  if (image === '-' || image === '/dev/stdin') return sourceOf('standard input', null, () => process.stdin);
  const found = await stat(image).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('not-an-image', `The image ${image} cannot be read: ${reason}.`, { cause });
  });
  if (!found.isFile() && !found.isFIFO())
    throw new BuildError('not-an-image', `The image ${image} is no file. For a pipe give "-".`);
  return sourceOf(image, found.isFile() ? image : null, () =>
    createReadStream(image, { highWaterMark: 2 ** 20 }),
  );
}

function sourceOf(name: string, file: string | null, open: () => Readable): ImageSource {
  return {
    name,
    file,
    async *pieces(signal) {
      const input = open();
      try {
        yield* regroup(decompressed(name, addAbortSignal(signal, input)));
      } catch (cause) {
        const isOurs = cause instanceof BuildError || (cause as NodeJS.ErrnoException).code === undefined;
        throw signal.aborted || isOurs ? cause : readFailure(name, cause as NodeJS.ErrnoException);
      } finally {
        // Or a writer at the other end of the pipe, and this process with it, would wait for each other.
        input.destroy();
      }
    },
  };
}

async function* decompressed(name: string, input: Readable): AsyncGenerator<Buffer> {
  const chunks = input[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>;
  let start: Buffer = Buffer.alloc(0);
  while (start.length < zstdMagic.length) {
    const { value, done } = await chunks.next();
    if (done) break;
    start = Buffer.concat([start, value]);
  }
  refuseOtherKinds(name, start);
  const all = async function* (): AsyncGenerator<Buffer> {
    yield start;
    yield* chunks;
  };
  if (!start.subarray(0, zstdMagic.length).equals(zstdMagic)) {
    yield* all();
    return;
  }
  const whole = Readable.from(all());
  const output = createZstdDecompress();
  whole.once('error', (error) => output.destroy(error));
  yield* whole.pipe(output);
}

function refuseOtherKinds(name: string, start: Buffer): void {
  for (const [magic, kind, tool] of otherKinds) {
    if (start.toString('hex').startsWith(magic))
      throw new BuildError(
        'not-an-image',
        `${name} is a ${kind} file; images are .raw or .raw.zst. Unpack it first, with ${tool}.`,
      );
  }
}

/** Pieces of one size, but for the last one. */
async function* regroup(chunks: AsyncIterable<Buffer>): AsyncGenerator<Piece> {
  const buffer = Buffer.allocUnsafe(pieceSize);
  let at = 0;
  let filled = 0;
  for await (const chunk of chunks) {
    for (let used = 0; used < chunk.length; ) {
      const count = chunk.copy(buffer, filled, used);
      used += count;
      filled += count;
      if (filled < pieceSize) continue;
      yield { at, bytes: buffer };
      at += pieceSize;
      filled = 0;
    }
  }
  if (filled > 0) yield { at, bytes: buffer.subarray(0, filled) };
}

function readFailure(name: string, cause: NodeJS.ErrnoException): BuildError {
  const isDamage =
    cause.code?.startsWith('ZSTD_') || cause.code === 'Z_BUF_ERROR' || /end of file/.test(cause.message);
  const what = isDamage ? 'is damaged or was cut short' : 'cannot be read';
  return new BuildError(
    'damaged-input',
    `The image ${name} ${what} (${cause.message}). ${isDamage ? 'Fetch it again.' : ''}`.trim(),
    { cause },
  );
}
