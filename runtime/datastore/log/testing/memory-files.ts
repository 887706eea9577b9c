/**
 * A file system in memory that can be cut off: it knows what was synced and what was not, fails on demand, and
 * after a crash keeps all, none or some sectors of what was not synced.
 */
import { dirname } from 'node:path';
import type { FileLayer, LogFile } from '../files.ts';

const SECTOR_BYTES = 512;

/** What happens to unsynced sectors and directory changes in a crash: true keeps. */
export type Survival = () => boolean;

interface Write {
  readonly offset: number;
  readonly bytes: Buffer;
}

class Inode {
  durable: Buffer = Buffer.alloc(0);
  current: Buffer = Buffer.alloc(0);
  unsynced: Write[] = [];

  write(bytes: Uint8Array, offset: number): void {
    this.current = patch(this.current, { bytes: Buffer.from(bytes), offset });
    this.unsynced.push({ bytes: Buffer.from(bytes), offset });
  }

  sync(): void {
    this.durable = Buffer.from(this.current);
    this.unsynced = [];
  }

  crash(survives: Survival): void {
    for (const { bytes, offset } of this.unsynced) {
      for (let at = 0; at < bytes.length; ) {
        const sectorEnd = Math.min(bytes.length, at + SECTOR_BYTES - ((offset + at) % SECTOR_BYTES));
        if (survives())
          this.durable = patch(this.durable, { bytes: bytes.subarray(at, sectorEnd), offset: offset + at });
        at = sectorEnd;
      }
    }
    this.unsynced = [];
    this.current = Buffer.from(this.durable);
  }
}

export class PowerCut extends Error {}

export class MemoryFiles implements FileLayer {
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #directories = new Set<string>();
  /** Operations that changed something so far. */
  operations = 0;
  /** The power goes off at this operation. */
  cutAt = Number.POSITIVE_INFINITY;
  /** Throws the error that an operation is to fail with. */
  fault: (operation: string, path: string) => void = () => undefined;

  /** The machine comes up again: what was not synced survives as said. */
  crash(survives: Survival): void {
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()]))
      inode.crash(survives);
    // Directory changes are kept or lost as a whole here.
    if (survives()) this.#durableNames = new Map(this.#names);
    this.#names = new Map(this.#durableNames);
    this.cutAt = Number.POSITIVE_INFINITY;
  }

  /** The bytes of a file, to look at or to damage. */
  bytes(path: string): Buffer {
    return this.#inode(path).current;
  }

  get paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  async makeDirectory(path: string): Promise<void> {
    this.#directories.add(path);
  }

  async list(directory: string): Promise<string[]> {
    const inside = [...this.#names.keys()].filter((path) => dirname(path) === directory);
    return inside.map((path) => path.slice(directory.length + 1)).sort();
  }

  async create(path: string): Promise<LogFile> {
    this.#step('create', path);
    if (!this.#directories.has(dirname(path))) throw systemError('ENOENT', path);
    this.#names.set(path, new Inode());
    return this.open(path);
  }

  async open(path: string): Promise<LogFile> {
    const inode = this.#inode(path);
    return {
      size: async () => inode.current.length,
      read: async (offset, length) => Buffer.from(inode.current.subarray(offset, offset + length)),
      write: async (bytes, offset) => {
        this.#step('write', path);
        inode.write(bytes, offset);
      },
      sync: async () => {
        this.#step('sync', path);
        inode.sync();
      },
      writeSynced: async (bytes, offset) => {
        this.#step('write', path);
        inode.write(bytes, offset);
        this.#step('sync', path);
        inode.sync();
      },
      close: async () => undefined,
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step('rename', from);
    this.#names.set(to, this.#inode(from));
    this.#names.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.#step('remove', path);
    this.#inode(path);
    this.#names.delete(path);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#step('syncDirectory', path);
    this.#durableNames = new Map(this.#names);
  }

  #step(operation: string, path: string): void {
    if (this.operations >= this.cutAt) throw new PowerCut('the power is off');
    this.operations++;
    this.fault(operation, path);
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (inode === undefined) throw systemError('ENOENT', path);
    return inode;
  }
}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function patch(target: Buffer, { bytes, offset }: Write): Buffer {
  const length = Math.max(target.length, offset + bytes.length);
  const result =
    length === target.length ? target : Buffer.concat([target, Buffer.alloc(length - target.length)]);
  result.set(bytes, offset);
  return result;
}
