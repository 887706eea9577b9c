/**
 * Snapshots on their way: made once and shared by all who need one, shipped in chunks over requests, staged and
 * checked by the receiver before the core hears of them. A transfer that broke off goes on where it stood.
 */
import { crc32 } from 'node:zlib';
import * as z from 'zod';
import type { Configuration, LogIndex, SnapshotMeta, Term } from '../raft/types.ts';
import type { Cancel, Clock } from './clock.ts';
import type { StateCopy, StateStorage } from './state-storage.ts';

/** Small enough that a heartbeat beside it is not delayed on a slow link. */
const chunkBytes = 256 * 1024;
/** How long a made snapshot is kept for the transfer to go on after a lost connection. */
const keptMilliseconds = 60_000;

/** A snapshot could not be made, sent or taken. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

/** Sends one request to the receiving node. */
export type SnapshotRequest = (method: string, params: Record<string, unknown>) => Promise<unknown>;

export interface MadeSnapshot {
  readonly meta: SnapshotMeta;
  readonly copy: StateCopy;
}

interface KeptSnapshot {
  readonly made: Promise<MadeSnapshot>;
  users: number;
  cancelRemoval: Cancel;
}

/** The sending side: one snapshot at a time is made, and shared by all who need one while it is of use. */
export class OutgoingSnapshots {
  readonly #makeCopy: () => Promise<StateCopy>;
  readonly #clock: Clock;
  #kept: KeptSnapshot | null = null;

  constructor(makeCopy: () => Promise<StateCopy>, clock: Clock) {
    this.#makeCopy = makeCopy;
    this.#clock = clock;
  }

  /**
   * Ships a snapshot and resolves with its index: one made before, if it is at `oldestUseful` or later, so that the
   * log can go on from there; else a new one.
   */
  async send(oldestUseful: () => LogIndex, ship: (made: MadeSnapshot) => Promise<void>): Promise<LogIndex> {
    const kept = await this.#take(oldestUseful);
    try {
      const made = await kept.made;
      await ship(made);
      return made.meta.index;
    } finally {
      this.#release(kept);
    }
  }

  /** Lets go of a snapshot that nobody is being sent. */
  close(): void {
    if (this.#kept?.users === 0) void this.#drop(this.#kept);
  }

  async #take(oldestUseful: () => LogIndex): Promise<KeptSnapshot> {
    const present = this.#kept;
    if (present === null) {
      this.#kept = { made: this.#make(), users: 1, cancelRemoval: () => {} };
      return this.#kept;
    }
    present.users += 1;
    present.cancelRemoval();
    const index = await present.made.then(
      ({ meta }) => meta.index,
      () => -1,
    );
    if (index >= oldestUseful()) return present;
    // Somebody else may have had a new one made meanwhile.
    if (this.#kept === present) this.#kept = null;
    this.#release(present);
    return this.#take(oldestUseful);
  }

  #release(kept: KeptSnapshot): void {
    kept.users -= 1;
    if (kept.users > 0) return;
    if (kept !== this.#kept) void this.#drop(kept);
    else kept.cancelRemoval = this.#clock.after(keptMilliseconds, () => void this.#drop(kept));
  }

  async #drop(kept: KeptSnapshot): Promise<void> {
    kept.cancelRemoval();
    if (this.#kept === kept) this.#kept = null;
    // A copy that could not be made, or is gone already, needs no removal.
    await kept.made.then(({ copy }) => copy.close()).catch(() => {});
  }

  async #make(): Promise<MadeSnapshot> {
    const copy = await this.#makeCopy();
    const { index, term, configuration } = copy.facts;
    const meta = { index: index as LogIndex, term: term as Term };
    return { copy, meta: { ...meta, configuration: JSON.parse(configuration) as Configuration } };
  }
}

const begunSchema = z.object({ haveBytes: z.int().min(0) });

/** Ships a snapshot in chunks. The receiver keeps it until the core's message tells it to take it. */
export async function shipSnapshot({ copy, meta }: MadeSnapshot, request: SnapshotRequest): Promise<void> {
  const { sizeBytes, digest } = copy.facts;
  const { haveBytes } = begunSchema.parse(await request('snapshot.begin', { digest, sizeBytes }));
  for (let offset = haveBytes; offset < sizeBytes; offset += chunkBytes) {
    const data = await copy.read(offset, Math.min(chunkBytes, sizeBytes - offset));
    await request('snapshot.chunk', { digest, offset, data, checksum: crc32(data) });
  }
  await request('snapshot.finish', { digest, index: meta.index });
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
  checksum: z.int(),
});

/** The receiving side: one snapshot at a time. */
export class SnapshotReceiver {
  readonly #state: StateStorage;
  #readyIndex: number | null = null;

  constructor(state: StateStorage) {
    this.#state = state;
  }

  /** Answers a request of a sending node; null when it is none. Rejects with what a damaged or late one deserves. */
  serve(method: string, params: unknown): Promise<unknown> | null {
    switch (method) {
      case 'snapshot.begin':
        return this.begin(params);
      case 'snapshot.chunk':
        return this.chunk(params);
      case 'snapshot.finish':
        return this.finish(params);
      default:
        return null;
    }
  }

  /** Says how much of this snapshot is here already; the sender goes on from there. */
  async begin(params: unknown): Promise<{ readonly haveBytes: number }> {
    const { digest, sizeBytes } = beginSchema.parse(params);
    const { incoming } = this.#state;
    const transfer = incoming.transfer();
    if (transfer?.digest === digest && transfer.sizeBytes === sizeBytes) {
      return { haveBytes: transfer.writtenBytes };
    }
    this.#readyIndex = null;
    incoming.begin(digest, sizeBytes);
    return { haveBytes: 0 };
  }

  async chunk(params: unknown): Promise<void> {
    const { digest, offset, data, checksum } = chunkSchema.parse(params);
    const transfer = this.#state.incoming.transfer();
    const follows = transfer?.digest === digest && transfer.writtenBytes === offset;
    if (!follows || offset + data.length > transfer.sizeBytes) {
      throw new SnapshotError('this chunk does not follow the one before it');
    }
    if (crc32(data) !== checksum) throw new SnapshotError('this chunk was damaged on its way');
    this.#state.incoming.write(data);
  }

  /** Checks what was received and makes it durable. Throws `SnapshotError`. */
  async finish(params: unknown): Promise<void> {
    const { digest, index } = finishSchema.parse(params);
    const { incoming } = this.#state;
    if (!this.#isComplete(digest)) throw new SnapshotError('the snapshot is not complete');
    const found = await incoming.inspect().catch(() => null);
    // Another node may have begun to send its own while this one was looked at.
    if (!this.#isComplete(digest)) throw new SnapshotError('another snapshot took its place');
    if (found?.digest !== digest) {
      incoming.discard();
      throw new SnapshotError('the snapshot was damaged after it arrived');
    }
    if (found.appliedIndex !== index) throw new SnapshotError('the snapshot is not the one it is said to be');
    this.#readyIndex = index;
  }

  /** Whether the snapshot at `index` lies here, whole and checked; it can be taken once. */
  take(index: LogIndex): boolean {
    const ready = this.#readyIndex === index;
    if (ready) this.#readyIndex = null;
    return ready;
  }

  /** Forgets what has arrived. */
  discard(): void {
    this.#readyIndex = null;
    this.#state.incoming.discard();
  }

  #isComplete(digest: string): boolean {
    const transfer = this.#state.incoming.transfer();
    return transfer?.digest === digest && transfer.writtenBytes === transfer.sizeBytes;
  }
}
