/**
 * Snapshots on their way: made once and shared by all who need one, shipped in chunks over requests, staged and
 * checked by the receiver before the core hears of them.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { Configuration, LogIndex, SnapshotMeta, Term } from '../raft/types.ts';
import { incomingFile, type StoragePaths } from './state-files.ts';
import { StateView } from './state-machine/reading.ts';
import { openForReading } from './state-machine/tables.ts';
import { digestFile, type SnapshotFacts, type StorageThread } from './storage-thread.ts';

/** Small enough that a heartbeat beside it is not delayed on a slow link. */
const chunkBytes = 256 * 1024;

/** A snapshot could not be made, sent or taken. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Sends one request to the receiving node. */
export type SnapshotRequest = (method: string, params: Record<string, unknown>) => Promise<unknown>;

export interface MadeSnapshot {
  readonly file: string;
  readonly meta: SnapshotMeta;
  readonly facts: SnapshotFacts;
}

/** The sending side: one snapshot at a time is made, and shared by all who need one meanwhile. */
export class OutgoingSnapshots {
  readonly #storage: StorageThread;
  readonly #paths: StoragePaths;
  #current: Promise<MadeSnapshot> | null = null;
  #users = 0;

  constructor(storage: StorageThread, paths: StoragePaths) {
    this.#storage = storage;
    this.#paths = paths;
  }

  /** Makes a snapshot of the state as it is, or takes the one being sent, and ships it; resolves with its index. */
  async send(ship: (made: MadeSnapshot) => Promise<void>): Promise<LogIndex> {
    this.#current ??= this.#make();
    this.#users += 1;
    try {
      const made = await this.#current;
      await ship(made);
      return made.meta.index;
    } finally {
      this.#users -= 1;
      // The next one that is needed is made anew: this one is old by then.
      if (this.#users === 0) this.#current = null;
    }
  }

  async #make(): Promise<MadeSnapshot> {
    const file = path.join(this.#paths.snapshots, 'outgoing.db');
    const facts = await this.#storage.snapshot(this.#paths.state, file);
    const configuration = JSON.parse(facts.configuration) as Configuration;
    return { file, facts, meta: { index: facts.index as LogIndex, term: facts.term as Term, configuration } };
  }
}

/** Ships a snapshot in chunks. The receiver keeps it until the core's message tells it to take it. */
export async function shipSnapshot(made: MadeSnapshot, request: SnapshotRequest): Promise<void> {
  const { sizeBytes, digest } = made.facts;
  await request('snapshot.begin', { digest, sizeBytes });
  const file = await open(made.file, 'r');
  try {
    for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
      const data = new Uint8Array(Math.min(chunkBytes, sizeBytes - offset));
      await file.read(data, 0, data.length, offset);
      await request('snapshot.chunk', { digest, offset, data });
    }
  } finally {
    await file.close();
  }
  await request('snapshot.finish', { digest, index: made.meta.index });
}

const beginSchema = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z
    .int()
    .min(1)
    .max(2 ** 40),
});
const finishSchema = z.object({ digest: z.string(), index: z.int().min(1) });
const chunkSchema = z.object({
  digest: z.string(),
  offset: z.int().min(0),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
});

/** The receiving side: one snapshot at a time, in a file of its own. */
export class SnapshotReceiver {
  readonly #file: string;
  #readyIndex: number | null = null;
  #incoming: { handle: number; digest: string; sizeBytes: number; written: number } | null = null;

  constructor(paths: StoragePaths) {
    this.#file = incomingFile(paths);
  }

  begin(params: unknown): void {
    const { digest, sizeBytes } = beginSchema.parse(params);
    this.abandon();
    this.#readyIndex = null;
    const handle = openSync(this.#file, 'w', 0o600);
    this.#incoming = { handle, digest, sizeBytes, written: 0 };
  }

  chunk(params: unknown): void {
    const { digest, offset, data } = chunkSchema.parse(params);
    const incoming = this.#incoming;
    if (
      incoming?.digest !== digest ||
      incoming.written !== offset ||
      offset + data.length > incoming.sizeBytes
    ) {
      throw new SnapshotError('this chunk does not follow the one before it');
    }
    let written = 0;
    while (written < data.length) written += writeSync(incoming.handle, data, written);
    incoming.written += data.length;
  }

  /** Checks what was received and makes it durable. Throws `SnapshotError`. */
  async finish(params: unknown): Promise<void> {
    const { digest, index } = finishSchema.parse(params);
    const incoming = this.#incoming;
    if (incoming === null || incoming.digest !== digest || incoming.written !== incoming.sizeBytes) {
      throw new SnapshotError('the snapshot is not complete');
    }
    fsyncSync(incoming.handle);
    this.abandon();
    if ((await digestFile(this.#file)) !== digest)
      throw new SnapshotError('the snapshot was damaged on its way');
    if (appliedIndexOf(this.#file) !== index) {
      throw new SnapshotError('the snapshot is not the one it is said to be');
    }
    this.#readyIndex = index;
  }

  /** Whether the snapshot at `index` lies here, whole and checked; it can be taken once. */
  take(index: LogIndex): boolean {
    const ready = this.#readyIndex === index;
    if (ready) this.#readyIndex = null;
    return ready;
  }

  abandon(): void {
    if (this.#incoming) closeSync(this.#incoming.handle);
    this.#incoming = null;
  }
}

function appliedIndexOf(file: string): number {
  const connection = openForReading(file);
  try {
    return new StateView(connection).number('appliedIndex');
  } finally {
    connection.close();
  }
}
