/**
 * The few file operations the log needs, as an interface, so that tests can lose what was not synced, tear
 * writes and fill the disk; and the real ones, which work in the thread pool.
 */
import { close, constants, open as openDescriptor, write } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';

export interface LogFile {
  size(): Promise<number>;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** The file's content, and its size, survive a power cut from now on. */
  sync(): Promise<void>;
  /** Writes within the file; the bytes survive a power cut when it resolves. One step where two would cost time. */
  writeSynced(bytes: Uint8Array, offset: number): Promise<void>;
  close(): Promise<void>;
}

export interface FileLayer {
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory, sorted. */
  list(directory: string): Promise<string[]>;
  create(path: string): Promise<LogFile>;
  open(path: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** What was created, renamed and removed in the directory survives a power cut from now on. */
  syncDirectory(path: string): Promise<void>;
}

export const realFiles: FileLayer = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 });
  },
  async list(directory) {
    return (await readdir(directory)).sort();
  },
  async create(path) {
    const { O_RDWR, O_CREAT, O_TRUNC } = constants;
    return asLogFile(await open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600));
  },
  async open(path) {
    return asLogFile(await open(path, 'r+'));
  },
  rename,
  remove: (path) => rm(path),
  async syncDirectory(path) {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
};

function asLogFile(handle: FileHandle): LogFile {
  const synced = new SyncedWriter(`/proc/self/fd/${handle.fd}`);
  return {
    size: async () => (await handle.stat()).size,
    read: (offset, length) => readFully(handle, offset, length),
    write: (bytes, offset) => writeFully(handle, bytes, offset),
    sync: () => handle.datasync(),
    writeSynced: (bytes, offset) => synced.write(bytes, offset),
    close: async () => {
      await synced.close();
      await handle.close();
    },
  };
}

/**
 * A second descriptor, whose writes come back when they are on the disk (O_DSYNC, open(2)): write and sync in one trip
 * through the thread pool. The file may have got another name since it was opened first, so the name is that of its
 * descriptor.
 */
class SyncedWriter {
  readonly #path: string;
  #descriptor: Promise<number> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    this.#descriptor ??= openSynced(this.#path);
    const descriptor = await this.#descriptor;
    for (let done = 0; done < bytes.length; )
      done += await writeSome(descriptor, bytes.subarray(done), offset + done);
  }

  async close(): Promise<void> {
    if (this.#descriptor !== null) await closeDescriptor(await this.#descriptor);
    this.#descriptor = null;
  }
}

function openSynced(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    openDescriptor(path, constants.O_RDWR | constants.O_DSYNC, (error, descriptor) =>
      error === null ? resolve(descriptor) : reject(error),
    );
  });
}

function writeSome(descriptor: number, bytes: Uint8Array, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, offset, (error, written) =>
      error === null ? resolve(written) : reject(error),
    );
  });
}

function closeDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => (error == null ? resolve() : reject(error)));
  });
}

async function readFully(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** A write may come back short, for example when the disk fills up: the rest then fails with the reason. */
async function writeFully(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, offset + done);
    done += bytesWritten;
  }
}
