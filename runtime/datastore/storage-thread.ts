/**
 * Slow work on the state's files, on a thread of its own with its own connections: checkpoints (which sync) and
 * snapshots (which copy). A slow SD card delays these and nothing else.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import type { MessagePort, Worker } from 'node:worker_threads';
import { JobThread } from '../threads/job-thread.ts';
import { runJobs } from '../threads/jobs.ts';
import { StateView } from './state-machine/reading.ts';
import { openForReading, openForWriting } from './state-machine/tables.ts';
import type { SnapshotFacts } from './state-storage.ts';

const jobs = { checkpoint, snapshot };

/** The worker's side. */
export function runStorageThread(port: MessagePort): void {
  runJobs(port, () => jobs);
}

/** The replica's side. The thread is started when there is something for it to do: most nodes rest for hours. */
export class StorageThread {
  readonly #thread: JobThread<typeof jobs>;

  constructor(start: () => Worker) {
    this.#thread = new JobThread({ title: 'the storage thread', start, restMilliseconds: null });
  }

  /**
   * Moves committed pages into the state's file and syncs it. True when everything that was committed before the
   * call is durable there; false when a reader was in the way: try again later.
   */
  checkpoint(stateFile: string): Promise<boolean> {
    return this.#thread.run('checkpoint', stateFile);
  }

  /** Writes a consistent, synced copy of the state. */
  snapshot(stateFile: string, snapshotFile: string): Promise<SnapshotFacts> {
    return this.#thread.run('snapshot', stateFile, snapshotFile);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}

function checkpoint(stateFile: string): boolean {
  const connection = openForWriting(stateFile);
  try {
    const [outcome] = connection.pragma('wal_checkpoint(PASSIVE)') as {
      busy: number;
      log: number;
      checkpointed: number;
    }[];
    return outcome !== undefined && outcome.busy === 0 && outcome.log === outcome.checkpointed;
  } finally {
    connection.close();
  }
}

async function snapshot(stateFile: string, snapshotFile: string): Promise<SnapshotFacts> {
  rmSync(snapshotFile, { force: true });
  const source = openForReading(stateFile);
  try {
    source.prepare('VACUUM INTO ?').run(snapshotFile);
  } finally {
    source.close();
  }
  syncFile(snapshotFile);
  const copy = openForReading(snapshotFile);
  try {
    const view = new StateView(copy);
    return {
      index: view.number('appliedIndex'),
      term: view.number('appliedTerm'),
      configuration: view.text('configuration') ?? '',
      sizeBytes: statSync(snapshotFile).size,
      digest: await digestFile(snapshotFile),
      revision: view.number('revision'),
    };
  } finally {
    copy.close();
  }
}

function syncFile(file: string): void {
  const handle = openSync(file, 'r+');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** SHA-256 of a file, hexadecimal. */
export async function digestFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
