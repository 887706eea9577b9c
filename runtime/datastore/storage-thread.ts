/**
 * Slow work on the state's files, on a thread of its own with its own connections: checkpoints (which sync) and
 * snapshots (which copy). A slow SD card delays these and nothing else.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import type { MessagePort, Worker } from 'node:worker_threads';
import { StateView } from './state-machine/reading.ts';
import { openForReading, openForWriting } from './state-machine/tables.ts';
import type { SnapshotFacts } from './state-storage.ts';

type Job =
  | { readonly kind: 'checkpoint'; readonly stateFile: string }
  | { readonly kind: 'snapshot'; readonly stateFile: string; readonly snapshotFile: string };

type Outcome = { readonly id: number; readonly result?: unknown; readonly error?: string };

/** The worker's side: answers jobs one after the other. */
export function runStorageThread(port: MessagePort): void {
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, job }: { id: number; job: Job }) => {
    last = last
      .then(() => perform(job))
      .then(
        (result) => port.postMessage({ id, result } satisfies Outcome),
        (error: unknown) =>
          port.postMessage({
            id,
            error: error instanceof Error ? error.message : String(error),
          } satisfies Outcome),
      );
  });
}

/** The replica's side. The thread is started when there is something for it to do: most nodes rest for hours. */
export class StorageThread {
  readonly #start: () => Worker;
  #worker: Worker | null = null;
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  #lastId = 0;

  constructor(start: () => Worker) {
    this.#start = start;
  }

  /**
   * Moves committed pages into the state's file and syncs it. True when everything that was committed before the
   * call is durable there; false when a reader was in the way: try again later.
   */
  async checkpoint(stateFile: string): Promise<boolean> {
    return (await this.#run({ kind: 'checkpoint', stateFile })) as boolean;
  }

  /** Writes a consistent, synced copy of the state. */
  async snapshot(stateFile: string, snapshotFile: string): Promise<SnapshotFacts> {
    return (await this.#run({ kind: 'snapshot', stateFile, snapshotFile })) as SnapshotFacts;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #run(job: Job): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#running().postMessage({ id, job });
    });
  }

  #running(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = this.#start();
    worker.on('message', ({ id, result, error }: Outcome) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(error));
    });
    worker.on('error', (error) => this.#failAll(error));
    worker.on('exit', () => {
      this.#worker = null;
      this.#failAll(new Error('the storage thread ended'));
    });
    this.#worker = worker;
    return worker;
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

async function perform(job: Job): Promise<unknown> {
  switch (job.kind) {
    case 'checkpoint':
      return checkpoint(job.stateFile);
    case 'snapshot':
      return snapshot(job.stateFile, job.snapshotFile);
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
