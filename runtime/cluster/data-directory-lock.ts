/**
 * One agent at a time on a data directory. SQLite's file lock is used, because it goes with the process: a power
 * cut or a kill leaves nothing behind that would have to be cleared.
 */
import path from 'node:path';
import Database from 'better-sqlite3';
import { DataDirectoryError } from './identity.ts';

export interface DataDirectoryLock {
  release(): void;
}

/** Throws `DataDirectoryError` when another agent holds the directory. */
export function lockDataDirectory(dataDirectory: string): DataDirectoryLock {
  const database = new Database(path.join(dataDirectory, 'lock.db'), { timeout: 0 });
  try {
    // Nothing is ever written, so that it works on a full disk too.
    database.pragma('journal_mode = MEMORY');
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
    throw new DataDirectoryError(
      `Another agent is using ${dataDirectory}: stop it first, or name another dataDirectory.`,
    );
  }
  return { release: () => database.close() };
}
