/**
 * The durable log of one node. Calls are served in order; appends that wait while the disk works share the
 * next frame and its one sync (group commit). What is promised durable is synced, and what the disk has
 * refused is never promised.
 */
import type { Entry, HardState, SnapshotMeta } from '../../raft/types.ts';
import { realSurroundings, type Surroundings } from '../clock.ts';
import { LogStorageError } from './errors.ts';
import { type FileLayer, realFiles } from './files.ts';
import { type LogRecord, recordBytes } from './records.ts';
import { type Recovery, recoverLog } from './recovery.ts';
import { SegmentWriter } from './writer.ts';

export { LogStorageError } from './errors.ts';

export interface RecoveredLog {
  readonly hardState: HardState | null;
  readonly base: SnapshotMeta;
  readonly entries: readonly Entry[];
  /** A write that a power cut tore was dropped; nobody had been promised anything about it. */
  readonly truncatedTail: boolean;
  /** Why the log cannot be trusted, or null. Such a node must not vote, and fetches its data anew (`reset`). */
  readonly damaged: string | null;
}

export interface AppendBatch {
  readonly hardState: HardState | null;
  /** A snapshot that replaces the whole log. */
  readonly base: SnapshotMeta | null;
  /** They replace whatever the log held from the first one's index on. */
  readonly entries: readonly Entry[];
}

export interface LogStatistics {
  readonly bytes: number;
  readonly segments: number;
  /** The last 64 syncs, oldest first. */
  readonly syncMilliseconds: readonly number[];
}

export interface LogStorage {
  /** What was found at the start. Its entries are let go with the first call below, to save the memory. */
  readonly recovered: RecoveredLog;
  /**
   * Durable when it resolves. Rejects with LogStorageError; after 'diskFull' everything that waited is rejected
   * too, and the caller may ask again for the same, in the same order, when there is space.
   */
  append(batch: AppendBatch): Promise<void>;
  /** Records the new base and deletes segments that hold only entries up to it. An older base changes nothing. */
  compact(base: SnapshotMeta): Promise<void>;
  /**
   * Drops everything but term and vote: a node that became a spare, or fetches its data anew. `hardState` takes the place
   * of the one in force, in the same step.
   */
  reset(base: SnapshotMeta, hardState?: HardState): Promise<void>;
  statistics(): LogStatistics;
  /** Finishes what was asked for, then lets go of the files. */
  close(): Promise<void>;
}

export interface LogStorageOptions {
  readonly directory: string;
  /** Bytes preallocated per segment; 8 MiB if not given. */
  readonly segmentBytes?: number;
  readonly files?: FileLayer;
  readonly surroundings?: Surroundings;
}

/** Opens the log in a directory, which is made if it is not there. The caller keeps other processes out. */
export async function openLogStorage(options: LogStorageOptions): Promise<LogStorage> {
  const { directory, segmentBytes = 8 * 1024 * 1024, files = realFiles } = options;
  const { surroundings = realSurroundings } = options;
  await files.makeDirectory(directory);
  const recovery = await recoverLog(files, directory);
  const writer = new SegmentWriter(files, surroundings, directory, segmentBytes, recovery);
  await writer.open();
  return new SegmentedLog(recovery, writer);
}

/** Batches that wait are joined up to this size; a single one may be larger. */
const GROUP_BYTES = 1024 * 1024;

interface Request {
  readonly kind: 'append' | 'compact' | 'reset';
  readonly records: readonly LogRecord[];
  readonly bytes: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Where the log ends and what a new segment has to repeat; entries themselves are not kept here. */
interface InForce {
  hardState: HardState | null;
  base: SnapshotMeta;
  lastIndex: number;
}

class SegmentedLog implements LogStorage {
  recovered: RecoveredLog;
  readonly #writer: SegmentWriter;
  #inForce: InForce;
  #queue: Request[] = [];
  #working: Promise<void> | null = null;
  /** Why nothing but `reset` is possible (damage), or nothing at all (failure, closed). */
  #refusal: LogStorageError | null = null;

  constructor(recovery: Recovery, writer: SegmentWriter) {
    const { hardState, base, entries } = recovery.replay;
    const { truncatedTail, damaged } = recovery;
    this.recovered = { hardState, base, entries: damaged === null ? entries : [], truncatedTail, damaged };
    this.#writer = writer;
    this.#inForce = { hardState, base, lastIndex: base.index + entries.length };
    if (damaged !== null) this.#refusal = new LogStorageError('damaged', `the log is damaged: ${damaged}`);
  }

  append({ hardState, base, entries }: AppendBatch): Promise<void> {
    const records: LogRecord[] = [];
    if (hardState !== null) records.push({ kind: 'hardState', hardState });
    if (base !== null) records.push({ kind: 'base', base, replacesLog: true });
    for (const entry of entries) records.push({ kind: 'entry', entry });
    return this.#request('append', records);
  }

  compact(base: SnapshotMeta): Promise<void> {
    return this.#request('compact', [{ kind: 'base', base, replacesLog: false }]);
  }

  reset(base: SnapshotMeta, hardState?: HardState): Promise<void> {
    const records: LogRecord[] = [{ kind: 'base', base, replacesLog: true }];
    if (hardState !== undefined) records.push({ kind: 'hardState', hardState });
    return this.#request('reset', records);
  }

  statistics(): LogStatistics {
    const { bytes, segments, syncMilliseconds } = this.#writer;
    return { bytes, segments, syncMilliseconds: [...syncMilliseconds] };
  }

  async close(): Promise<void> {
    if (this.#refusal?.code === 'closed') return;
    this.#refusal = new LogStorageError('closed', 'the log is closed');
    await this.#working;
    await this.#writer.close();
  }

  #request(kind: Request['kind'], records: readonly LogRecord[]): Promise<void> {
    if (this.#refusal !== null && !(kind === 'reset' && this.#refusal.code === 'damaged')) {
      return Promise.reject(this.#refusal);
    }
    if (records.length === 0 && this.#working === null) return Promise.resolve();
    if (this.recovered.entries.length > 0) this.recovered = { ...this.recovered, entries: [] };
    const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#queue.push({ kind, records, bytes, resolve, reject });
    this.#working ??= this.#work();
    return promise;
  }

  async #work(): Promise<void> {
    // Requests made in the same turn of the event loop go into the same group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#serve(group);
        for (const request of group) request.resolve();
      } catch (error) {
        this.#refuse(group, error);
      }
    }
    this.#working = null;
  }

  /** The appends at the head of the queue that fit into one frame; or whatever else is first, alone. */
  #nextGroup(): Request[] {
    const group: Request[] = [];
    let bytes = 0;
    while (this.#queue[0] !== undefined) {
      bytes += this.#queue[0].bytes;
      const joins = this.#queue[0].kind === 'append' && bytes <= GROUP_BYTES;
      if (group.length > 0 && !joins) break;
      const request = this.#queue.shift()!;
      group.push(request);
      if (request.kind !== 'append') break;
    }
    return group;
  }

  async #serve(group: readonly Request[]): Promise<void> {
    const [first] = group;
    const records = group.flatMap((request) => request.records);
    if (first?.kind === 'reset') await this.#reset(records);
    else if (first?.kind === 'compact') await this.#compact(records);
    else await this.#append(records);
  }

  async #append(records: readonly LogRecord[]): Promise<void> {
    if (records.length === 0) return;
    const after = follow(this.#inForce, records);
    const frees = records.every((record) => record.kind === 'base');
    await this.#writer.write(records, checkpoint(this.#inForce), frees);
    this.#inForce = after;
    if (records.some((record) => record.kind === 'base')) await this.#writer.deleteUpTo(after.base.index);
  }

  async #compact(records: readonly LogRecord[]): Promise<void> {
    const [record] = records;
    if (record?.kind !== 'base' || record.base.index <= this.#inForce.base.index) return;
    await this.#append(records);
  }

  async #reset(records: readonly LogRecord[]): Promise<void> {
    const { hardState } = this.#inForce;
    const kept: LogRecord[] = hardState === null ? [] : [{ kind: 'hardState', hardState }];
    const after = follow(this.#inForce, records);
    await this.#writer.startSegment([...kept, ...records]);
    await this.#writer.deleteUpTo(after.base.index);
    this.#inForce = after;
    if (this.#refusal?.code === 'damaged') this.#refusal = null;
  }

  #refuse(group: readonly Request[], error: unknown): void {
    for (const request of group) request.reject(error);
    const temporary =
      error instanceof LogStorageError && (error.code === 'diskFull' || error.code === 'invalid');
    if (temporary) {
      // Later appends would leave a hole where this one is missing; those in the queue came after it.
      for (const request of this.#queue.splice(0)) request.reject(error);
      return;
    }
    this.#refusal =
      error instanceof LogStorageError
        ? error
        : new LogStorageError('failed', `the log has failed: ${error}`, error);
    for (const request of this.#queue.splice(0)) request.reject(this.#refusal);
  }
}

function checkpoint({ hardState, base }: InForce): LogRecord[] {
  const records: LogRecord[] = [{ kind: 'base', base, replacesLog: false }];
  if (hardState !== null) records.unshift({ kind: 'hardState', hardState });
  return records;
}

/** What is in force after these records; throws if they do not fit. */
function follow(before: InForce, records: readonly LogRecord[]): InForce {
  const after = { ...before };
  for (const record of records) {
    switch (record.kind) {
      case 'hardState':
        after.hardState = record.hardState;
        break;
      case 'base':
        if (!record.replacesLog && record.base.index > after.lastIndex) {
          throw new LogStorageError(
            'invalid',
            `base ${record.base.index} is beyond the last entry ${after.lastIndex}`,
          );
        }
        after.base = record.base;
        if (record.replacesLog) after.lastIndex = record.base.index;
        break;
      case 'entry': {
        const { index } = record.entry;
        if (index <= after.base.index || index > after.lastIndex + 1) {
          const place = `the log goes from ${after.base.index + 1} to ${after.lastIndex}`;
          throw new LogStorageError('invalid', `entry ${index} does not fit: ${place}`);
        }
        after.lastIndex = index;
        break;
      }
    }
  }
  return after;
}
