/** The worker of the example: writes a row with SQLite and says what it wrote. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const database = new Database(workerData.file);
database.pragma('journal_mode = WAL');
database.exec("CREATE TABLE note (text TEXT) STRICT; INSERT INTO note VALUES ('written in the worker')");
database.close();
parentPort?.postMessage('written in the worker');
