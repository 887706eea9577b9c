/**
 * A node's disk under its log: files in memory whose operations take virtual time and fail as the faults say. What a
 * power cut leaves is decided by `MemoryFiles`.
 */
import type { FileLayer, LogFile } from '../datastore/log/files.ts';
import { type MemoryFiles, systemError } from '../datastore/log/testing/memory-files.ts';

export type DiskOperation = 'read' | 'write' | 'sync' | 'name';
export type DiskOutcome = 'ok' | 'full' | 'error';

/** Waits as long as the operation takes, and says how it ends. */
export type DiskWork = (operation: DiskOperation) => Promise<DiskOutcome>;

export class VirtualFiles implements FileLayer {
  readonly #files: MemoryFiles;
  readonly #work: DiskWork;

  constructor(files: MemoryFiles, work: DiskWork) {
    this.#files = files;
    this.#work = work;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#files.makeDirectory(path);
  }

  list(directory: string): Promise<string[]> {
    return this.#files.list(directory);
  }

  async create(path: string): Promise<LogFile> {
    await this.#do('name', path);
    return this.#wrap(await this.#files.create(path), path);
  }

  async open(path: string): Promise<LogFile> {
    return this.#wrap(await this.#files.open(path), path);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#do('name', from);
    await this.#files.rename(from, to);
  }

  async remove(path: string): Promise<void> {
    await this.#do('name', path);
    await this.#files.remove(path);
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#do('sync', path);
    await this.#files.syncDirectory(path);
  }

  #wrap(file: LogFile, path: string): LogFile {
    const wrapped: LogFile = {
      size: () => file.size(),
      read: async (offset, length) => {
        await this.#do('read', path);
        return file.read(offset, length);
      },
      write: async (bytes, offset) => {
        const outcome = await this.#work('write');
        // A disk that fills up takes a part.
        if (outcome === 'full') await file.write(bytes.subarray(0, bytes.length >> 1), offset);
        check(outcome, path);
        await file.write(bytes, offset);
      },
      sync: async () => {
        await this.#do('sync', path);
        await file.sync();
      },
      writeSynced: async (bytes, offset) => {
        await wrapped.write(bytes, offset);
        await wrapped.sync();
      },
      close: () => file.close(),
    };
    return wrapped;
  }

  async #do(operation: DiskOperation, path: string): Promise<void> {
    const outcome = await this.#work(operation);
    // Names and syncs of what was preallocated need no space.
    check(outcome === 'full' ? 'ok' : outcome, path);
  }
}

function check(outcome: DiskOutcome, path: string): void {
  if (outcome === 'full') throw systemError('ENOSPC', path);
  if (outcome === 'error') throw systemError('EIO', path);
}
