/**
 * The state's storage as real files: the state itself, the snapshot being received and the one being sent, and how a
 * received snapshot takes the place of the state in one step. What syncs or copies is done by the storage thread.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { readTextIfPresent, syncDirectory, writeFileDurably } from '../files/durable.ts';
import { dropBallast, takeBallast } from './ballast.ts';
import { isSpaceLow } from './free-space.ts';
import { StateView } from './state-machine/reading.ts';
import { openStateMachine, type StateMachine } from './state-machine/state-machine.ts';
import { openForReading, StateError } from './state-machine/tables.ts';
import type { IncomingState, StateCopy, StateStorage, Transfer } from './state-storage.ts';
import { digestFile, type StorageThread } from './storage-thread.ts';

export interface StoragePaths {
  readonly log: string;
  readonly state: string;
  readonly snapshots: string;
}

export function storagePaths(dataDirectory: string): StoragePaths {
  return {
    log: path.join(dataDirectory, 'log'),
    state: path.join(dataDirectory, 'state.db'),
    snapshots: path.join(dataDirectory, 'snapshots'),
  };
}

/** Far less can be written in this time than is kept free. */
const lookEveryMilliseconds = 20;
const copyPrefix = 'outgoing-';

export class StateFiles implements StateStorage {
  readonly incoming: IncomingFile;
  readonly #paths: StoragePaths;
  readonly #thread: StorageThread;
  #copies = 0;
  #spaceLow = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(paths: StoragePaths, thread: StorageThread) {
    this.#paths = paths;
    this.#thread = thread;
    this.incoming = new IncomingFile(paths.snapshots);
    // What was being sent when the node stopped is of no use any more.
    for (const name of namesIn(paths.snapshots))
      if (name.startsWith(copyPrefix)) rmSync(path.join(paths.snapshots, name), { force: true });
  }

  open(): StateMachine {
    const { state, snapshots } = this.#paths;
    try {
      const machine = openStateMachine(state);
      if (!this.isSpaceLow()) takeBallast(snapshots);
      return machine;
    } catch (error) {
      const isFull = error instanceof StateError && error.code === 'full';
      if (!isFull || !dropBallast(snapshots)) throw error;
      return openStateMachine(state);
    }
  }

  remove(): void {
    removeState(this.#paths.state);
  }

  checkpoint(): Promise<boolean> {
    // What was thrown overboard on a full disk is taken in again when there is space.
    if (!this.isSpaceLow()) takeBallast(this.#paths.snapshots);
    return this.#thread.checkpoint(this.#paths.state);
  }

  async copy(): Promise<StateCopy> {
    // A name of its own: those before it may still be on their way to somebody.
    this.#copies += 1;
    const file = path.join(this.#paths.snapshots, `${copyPrefix}${this.#copies}.db`);
    const facts = await this.#thread.snapshot(this.#paths.state, file);
    const handle = await open(file, 'r');
    return {
      facts,
      sizeBytes: facts.sizeBytes,
      read: async (offset, length) => {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      },
      close: async () => {
        await handle.close();
        rmSync(file, { force: true });
      },
    };
  }

  beginReplacing(): void {
    this.incoming.moveTo(this.#readyFile);
    syncDirectory(this.#paths.snapshots);
  }

  /**
   * Removing and renaming are several steps, because SQLite's write-ahead log of the old file must not be read into
   * the new one; the ready file says that they are due.
   */
  finishReplacing(): void {
    if (!existsSync(this.#readyFile)) return;
    const { state, snapshots } = this.#paths;
    removeState(state);
    syncDirectory(path.dirname(state));
    renameSync(this.#readyFile, state);
    syncDirectory(path.dirname(state));
    syncDirectory(snapshots);
  }

  isSpaceLow(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt >= lookEveryMilliseconds) {
      this.#spaceLow = isSpaceLow(this.#paths.snapshots);
      this.#lookedAt = now;
    }
    return this.#spaceLow;
  }

  /** A whole, checked snapshot that is to become the state, also after a crash in the middle. */
  get #readyFile(): string {
    return path.join(this.#paths.snapshots, 'ready.db');
  }
}

const noteSchema = z.object({ digest: z.string(), sizeBytes: z.int().min(1) });

/**
 * The snapshot being received: the bytes so far, and beside them a note that says of what they are. A power cut may
 * leave a hole in the bytes; the digest over all of them shows that in the end, and the transfer begins anew.
 */
class IncomingFile implements IncomingState {
  readonly #file: string;
  readonly #note: string;
  #handle: number | null = null;
  #transfer: Transfer | null;

  constructor(directory: string) {
    this.#file = path.join(directory, 'incoming.db');
    this.#note = path.join(directory, 'incoming.json');
    this.#transfer = this.#readNote();
  }

  transfer(): Transfer | null {
    return this.#transfer;
  }

  begin(digest: string, sizeBytes: number): void {
    this.discard();
    closeSync(openSync(this.#file, 'w', 0o600));
    writeFileDurably(this.#note, `${JSON.stringify({ digest, sizeBytes })}\n`);
    this.#transfer = { digest, sizeBytes, writtenBytes: 0 };
  }

  write(data: Uint8Array): void {
    if (this.#transfer === null) return;
    this.#handle ??= openSync(this.#file, 'r+');
    const { writtenBytes } = this.#transfer;
    let written = 0;
    while (written < data.length) {
      written += writeSync(this.#handle, data, written, data.length - written, writtenBytes + written);
    }
    this.#transfer = { ...this.#transfer, writtenBytes: writtenBytes + data.length };
  }

  async inspect(): Promise<{ digest: string; appliedIndex: number }> {
    this.#handle ??= openSync(this.#file, 'r+');
    fsyncSync(this.#handle);
    const digest = await digestFile(this.#file);
    const connection = openForReading(this.#file);
    try {
      return { digest, appliedIndex: new StateView(connection).number('appliedIndex') };
    } finally {
      connection.close();
    }
  }

  discard(): void {
    this.#forget();
    rmSync(this.#note, { force: true });
    rmSync(this.#file, { force: true });
  }

  /** Gives the file, which has been inspected, another name; the caller syncs the directory. */
  moveTo(file: string): void {
    this.#forget();
    renameSync(this.#file, file);
    rmSync(this.#note, { force: true });
  }

  #forget(): void {
    if (this.#handle !== null) closeSync(this.#handle);
    this.#handle = null;
    this.#transfer = null;
  }

  #readNote(): Transfer | null {
    try {
      const note = noteSchema.parse(JSON.parse(readTextIfPresent(this.#note) ?? ''));
      return { ...note, writtenBytes: Math.min(statSync(this.#file).size, note.sizeBytes) };
    } catch {
      return null;
    }
  }
}

function namesIn(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Removes a state file and what SQLite keeps beside it. */
function removeState(file: string): void {
  for (const suffix of ['-wal', '-shm', '']) rmSync(file + suffix, { force: true });
}
