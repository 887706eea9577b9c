/** The worker of the example: has a worker of its own write rows with SQLite, and says how the database keeps them. */
import path from 'node:path';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const { file, isInner } = workerData as { readonly file: string; readonly isInner?: boolean };

if (isInner) parentPort?.postMessage(writeNotes());
else {
  const options = { workerData: { file, isInner: true } };
  const inner = new Worker(path.join(import.meta.dirname, 'core-thread.cjs'), options);
  inner.once('message', (journal) => parentPort?.postMessage(journal));
}

function writeNotes(): unknown {
  const database = new Database(file);
  const journal = database.pragma('journal_mode = WAL', { simple: true });
  database.exec("CREATE TABLE note (text TEXT) STRICT; INSERT INTO note VALUES ('written in the worker')");
  database.close();
  return journal;
}
