/** The shape of a program that is packaged, as small as can be: SQLite in the main thread and in a worker. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';

declare const TRIVET_PACKAGED: boolean | undefined;
const isPackaged = typeof TRIVET_PACKAGED !== 'undefined' && TRIVET_PACKAGED;

// A path, not a URL and not text: pkg gives its file system only to workers that start from a path inside it.
const worker = new Worker(path.join(import.meta.dirname, isPackaged ? 'core-thread.cjs' : 'core-thread.ts'), {
  workerData: { file: process.argv[2] },
});
worker.once('message', (fromWorker: string) => {
  const database = new Database(process.argv[2]);
  const fromMain = database.prepare<[], string>('SELECT text FROM note').pluck().get();
  database.close();
  process.stdout.write(`${JSON.stringify({ isPackaged, fromWorker, fromMain })}\n`);
});
