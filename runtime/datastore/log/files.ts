/**
 * The few file operations the log needs, as an interface, so that tests can lose what was not synced, tear
 * writes and fill the disk; and the real ones, which work in the thread pool.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';

export interface LogFile {
  size(): Promise<number>;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** The file's content, and its size, survive a power cut from now on. */
  sync(): Promise<void>;
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
  return {
    size: async () => (await handle.stat()).size,
    read: (offset, length) => readFully(handle, offset, length),
    write: (bytes, offset) => writeFully(handle, bytes, offset),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
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
