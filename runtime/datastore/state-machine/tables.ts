/**
 * The tables of `state.db` and how the file is opened. `revisions` keeps every version of every key until
 * compaction; `current` points to the newest of each, so that a value is stored once. `meta.appliedIndex` is
 * written in the transaction that applies the entries (style: rule 9).
 */
import Database from 'better-sqlite3';

/** A connection that may write; only the state machine's own. */
export type Writer = Database.Database & { readonly __writer?: true };
/** A connection opened read-only. */
export type Reader = Database.Database;

/** Raised when the tables change; a file of another version is refused by name. */
export const stateFormat = 1;

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE revisions (
    revision INTEGER NOT NULL,
    sub INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB,
    createRevision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (revision, sub)
  ) WITHOUT ROWID;
  CREATE INDEX revisionsByKey ON revisions (key, revision);
  CREATE TABLE current (key BLOB PRIMARY KEY, revision INTEGER NOT NULL, sub INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE answered (id TEXT PRIMARY KEY, logIndex INTEGER NOT NULL, result BLOB NOT NULL) WITHOUT ROWID;
  CREATE INDEX answeredByIndex ON answered (logIndex);
`;

export type StateErrorCode = 'version' | 'corrupt' | 'full' | 'io';

/** The state's file cannot be used or written. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * Opens or creates the file for writing. Commits do not sync: the log is what is synced, and entries that a
 * power cut takes from here are applied again from it. Checkpoints are made by the storage thread.
 */
export function openForWriting(file: string): Writer {
  const database = openDatabase(file, {});
  try {
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('wal_autocheckpoint = 0');
    const format = database.pragma('user_version', { simple: true });
    if (format === 0) createTables(database);
    else if (format !== stateFormat) throw versionError(file, format);
    return database;
  } catch (error) {
    database.close();
    throw asStateError(error, file);
  }
}

/** Opens an existing file for reading only. */
export function openForReading(file: string): Reader {
  return openDatabase(file, { readonly: true, fileMustExist: true });
}

function openDatabase(file: string, options: Database.Options): Database.Database {
  try {
    return new Database(file, options);
  } catch (error) {
    throw asStateError(error, file);
  }
}

function createTables(database: Database.Database): void {
  database.transaction(() => {
    database.exec(schema);
    database.pragma(`user_version = ${stateFormat}`);
  })();
}

function versionError(file: string, format: unknown): StateError {
  const text = `${file} was written by another version of Trivet (format ${format}, this one reads ${stateFormat}): start the version that wrote it.`;
  return new StateError('version', text);
}

/** Sorts SQLite's errors into those that pass (a full disk) and those that do not. */
export function asStateError(error: unknown, file: string): Error {
  if (!(error instanceof Database.SqliteError))
    return error instanceof Error ? error : new Error(String(error));
  if (error.code === 'SQLITE_FULL') return new StateError('full', `No space is left for ${file}.`, error);
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB') {
    return new StateError('corrupt', `${file} is damaged: ${error.message}`, error);
  }
  return new StateError('io', `${file} cannot be used: ${error.message} (${error.code})`, error);
}
