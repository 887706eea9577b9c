/** The disk or file that is written: opened so that nobody else uses it, with errors that say what to do. */
import { constants } from 'node:fs';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { BuildError } from '../build-error.ts';

export interface Target {
  readonly path: string;
  readonly sizeBytes: number;
  /** Made just now: everything in it is zero. */
  readonly isBlank: boolean;
  /** Reads as many bytes as the buffer has; fewer at the end. */
  read(buffer: Uint8Array, at: number): Promise<number>;
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** When it resolves, what was written is on the medium as far as the medium tells the truth. */
  sync(): Promise<void>;
  /** Opens it once more, to see what is on the medium. */
  reader(): Promise<Reader>;
  close(): Promise<void>;
  /** Removes a file that was made here and is incomplete; leaves all others. @returns whether it did. */
  discard(): Promise<boolean>;
}

export interface Reader {
  /** Whether it reads past this machine's cache, so from the medium; its own cache it cannot pass. */
  readonly isDirect: boolean;
  /** Up to `largestRead` bytes. Valid until the next read. */
  read(at: number, size: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface TargetOptions {
  readonly path: string;
  /** A disk as `/sys` tells its size; null for a file. */
  readonly diskBytes: number | null;
  /** Makes a file of this size that must not be there yet; null for what exists. */
  readonly createBytes: number | null;
}

export const largestRead = 4 * 2 ** 20;
/** Direct reads begin and end on whole pages, in memory and on the disk. */
const pageSize = 4096;

/** @throws BuildError `device`. */
export async function openTarget({ path, diskBytes, createBytes }: TargetOptions): Promise<Target> {
  // Exclusive: refused while anything of a disk is mounted or claimed, in any namespace, and mounting is refused after it.
  const flags = constants.O_RDWR | (diskBytes === null ? 0 : constants.O_EXCL);
  const handle = await open(path, createBytes === null ? flags : 'wx+').catch(
    (error: NodeJS.ErrnoException) => {
      throw openFailure(path, error);
    },
  );
  if (createBytes !== null) await handle.truncate(createBytes);
  const sizeBytes = diskBytes ?? (await handle.stat()).size;
  return targetOn(handle, { path, sizeBytes, isBlank: createBytes !== null });
}

/** What of a file handle a target needs; tests give one that fails. */
export type TargetHandle = Pick<FileHandle, 'read' | 'write' | 'datasync' | 'close'>;

export function targetOn(
  handle: TargetHandle,
  { path, sizeBytes, isBlank }: Pick<Target, 'path' | 'sizeBytes' | 'isBlank'>,
): Target {
  return {
    ...{ path, sizeBytes, isBlank },
    read: (buffer, at) => guarded(path, 'reading', at, () => readFully(handle, buffer, at)),
    write: (bytes, at) => guarded(path, 'writing', at, () => writeFully(handle, bytes, at)),
    sync: () => guarded(path, 'writing', null, () => handle.datasync()),
    reader: () => guarded(path, 'reading', null, () => openReader(path)),
    // A device that has gone fails here too, and has been spoken of.
    close: () => handle.close().catch(() => undefined),
    discard: async () => {
      if (isBlank) await rm(path, { force: true });
      return isBlank;
    },
  };
}

async function readFully(handle: Pick<FileHandle, 'read'>, buffer: Uint8Array, at: number): Promise<number> {
  let done = 0;
  while (done < buffer.length) {
    const { bytesRead } = await handle.read(buffer, done, buffer.length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

async function writeFully(handle: TargetHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    if (bytesWritten === 0) throw Object.assign(new Error('nothing was written'), { code: 'EIO' });
    done += bytesWritten;
  }
}

/**
 * What was just written lies in the kernel's cache, and reading it there would compare the cache with itself. O_DIRECT
 * goes past it. Where a file system knows no such reads, the cache answers, and the caller is told.
 */
async function openReader(path: string): Promise<Reader> {
  const direct = await open(path, constants.O_RDONLY | constants.O_DIRECT).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EINVAL') return null;
      throw error;
    },
  );
  const handle = direct ?? (await open(path, constants.O_RDONLY));
  const buffer = wholePages(largestRead + 2 * pageSize);
  return {
    isDirect: direct !== null,
    read: (at, size) =>
      guarded(path, 'reading', at, async () => {
        const from = Math.floor(at / pageSize) * pageSize;
        const wanted = Math.ceil((at + size) / pageSize) * pageSize - from;
        const count = await readFully(handle, buffer.subarray(0, wanted), from);
        return buffer.subarray(at - from, Math.min(at - from + size, count));
      }),
    close: () => handle.close(),
  };
}

/** WebAssembly's memory is the one that JavaScript gets in whole pages. Its types come with a browser's only. */
function wholePages(sizeBytes: number): Uint8Array {
  interface Pages {
    readonly WebAssembly: {
      readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
    };
  }
  const { Memory } = (globalThis as unknown as Pages).WebAssembly;
  return new Uint8Array(new Memory({ initial: Math.ceil(sizeBytes / 65_536) }).buffer);
}

async function guarded<T>(
  path: string,
  doing: string,
  at: number | null,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw workFailure(path, doing, at, error as NodeJS.ErrnoException);
  }
}

function openFailure(path: string, cause: NodeJS.ErrnoException): BuildError {
  const reasons: Readonly<Record<string, string>> = {
    EBUSY: `${path} is in use: a program or the kernel holds it or a partition of it. Unmount what is mounted from it (lsblk ${path} shows it) and close what is open.`,
    EACCES: `You may not write to ${path}. Run the command with sudo, or as a member of the group that owns it (often "disk").`,
    EPERM: `You may not write to ${path}. Run the command with sudo.`,
    EROFS: `${path} can only be read. A card may have a switch for it at its side.`,
    ENOENT: `There is no ${path}. For a new file, give --create.`,
    ENXIO: `${path} has gone. Plug it in again.`,
    EEXIST: `There is a file ${path} already, and --create makes a new one. Leave --create out to write into it, or name another.`,
  };
  const message = reasons[cause.code ?? ''] ?? `${path} cannot be opened: ${cause.message}.`;
  return new BuildError('device', message, { cause });
}

function workFailure(
  path: string,
  doing: string,
  at: number | null,
  cause: NodeJS.ErrnoException,
): BuildError {
  const place = at === null ? '' : ` at ${(at / 2 ** 20).toFixed(1)} MiB`;
  const [code, words] = [cause.code ?? '', `while ${doing}${place}`];
  const reasons: Readonly<Record<string, string>> = {
    EIO: `${path} failed ${words} (EIO): it was pulled out, has a bad contact, or is worn out. Check plug and reader, or take another one.`,
    ENODEV: `${path} has gone ${words}: it was pulled out or its reader failed. Plug it in again.`,
    ENXIO: `${path} has gone ${words}: it was pulled out or its reader failed. Plug it in again.`,
    ENOSPC: `There is no room for ${path} ${words}: the file system is full, or the device is smaller than it says.`,
    EFBIG: `${path} cannot become that large ${words}: its file system or a limit (ulimit -f) forbids it.`,
  };
  return new BuildError('device', reasons[code] ?? `${path} failed ${words}: ${cause.message}.`, { cause });
}
