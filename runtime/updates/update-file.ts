/**
 * Reads an update from a file or a partition: first what was signed, then, in memory that does not grow with its size,
 * the parts. Nothing of it is believed before it was checked.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import {
  decodeHead,
  decodeManifest,
  frameBytes,
  headBytes,
  storedBytes,
  type UpdateManifest,
  type UpdatePart,
} from './format.ts';
import { UpdateError } from './update-error.ts';

const unpack = promisify(zstdDecompress);

export class UpdateFile {
  readonly manifest: UpdateManifest;
  readonly #handle: FileHandle;
  readonly #offsets: ReadonlyMap<UpdatePart, number>;

  private constructor(handle: FileHandle, manifest: UpdateManifest, partsOffset: number) {
    this.#handle = handle;
    this.manifest = manifest;
    let offset = partsOffset;
    this.#offsets = new Map(
      manifest.parts.map((part) => {
        const entry = [part, offset] as const;
        offset += storedBytes(part);
        return entry;
      }),
    );
  }

  /** Opens it and checks who made it. Throws `UpdateError` `notAnUpdate`, `signature` or `device`. */
  static async open(file: string, publicKey: string): Promise<UpdateFile> {
    const handle = await open(file).catch((cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'ENOENT' ? 'there is no such file or device' : cause.message;
      throw new UpdateError('notAnUpdate', `The update ${file} cannot be read: ${reason}.`, { cause });
    });
    try {
      const head = decodeHead(await readPiece(handle, 0, headBytes));
      const manifest = await readPiece(handle, headBytes, head.manifestBytes);
      if (manifest.length < head.manifestBytes) throw truncated();
      if (!verify(null, manifest, createPublicKey(publicKey), head.signature)) {
        throw new UpdateError(
          'signature',
          'It was not signed with the key that this machine accepts, or was changed afterwards. Build it with the keys of the image that runs here.',
        );
      }
      return new UpdateFile(handle, decodeManifest(manifest), headBytes + head.manifestBytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Reads everything once and compares it with what was signed. Throws `UpdateError` `damaged`. */
  async checkWhole(): Promise<void> {
    for (const part of this.manifest.parts) {
      const hash = createHash('sha256');
      for await (const piece of this.#stored(part)) hash.update(piece);
      if (hash.digest('hex') !== part.storedSha256) throw damaged(part);
    }
  }

  /** The part's content, unpacked. Ends with `UpdateError` `damaged` when it is not what was signed. */
  async *content(part: UpdatePart): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256');
    let size = 0;
    for await (const frame of this.#stored(part)) {
      const piece = await unpack(frame, { maxOutputLength: frameBytes }).catch((cause: unknown) => {
        throw damaged(part, cause);
      });
      size += piece.length;
      if (size > part.sizeBytes) throw damaged(part);
      hash.update(piece);
      yield piece;
    }
    if (size !== part.sizeBytes || hash.digest('hex') !== part.sha256) throw damaged(part);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Frame by frame. */
  async *#stored(part: UpdatePart): AsyncGenerator<Buffer> {
    let at = this.#offsets.get(part)!;
    for (const length of part.frames) {
      const frame = await readPiece(this.#handle, at, length);
      if (frame.length < length) throw truncated();
      at += length;
      yield frame;
    }
  }
}

/** Fewer bytes than asked for only at the end. */
async function readPiece(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle
      .read(buffer, filled, length - filled, offset + filled)
      .catch((cause) => {
        throw new UpdateError(
          'damaged',
          `The update cannot be read to its end: ${(cause as Error).message}`,
          { cause },
        );
      });
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function truncated(): UpdateError {
  return new UpdateError('damaged', 'The update is not whole: it ends too soon. Copy it again.');
}

function damaged(part: UpdatePart, cause?: unknown): UpdateError {
  const name = part.kind === 'file' ? part.path : part.kind;
  return new UpdateError(
    'damaged',
    `The update is damaged: its part "${name}" is not what was signed. Copy it again.`,
    { cause },
  );
}
