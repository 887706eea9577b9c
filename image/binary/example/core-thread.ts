/** The worker of the example: writes rows with SQLite and says how the database keeps them. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const database = new Database(workerData.file);
const journal = database.pragma('journal_mode = WAL', { simple: true });
database.exec("CREATE TABLE note (text TEXT) STRICT; INSERT INTO note VALUES ('written in the worker')");
database.close();
parentPort?.postMessage(journal);
