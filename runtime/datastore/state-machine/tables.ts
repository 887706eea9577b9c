/**
 * The tables of `state.db` and how the file is opened. `revisions` keeps every version of every key until
 * compaction, in the order of their making; `current` points to the newest of each, so that a value is stored once.
 * `meta.appliedIndex` is written in the transaction that applies the entries (style: rule 9).
 */
import Database from 'better-sqlite3';

/** A connection that may write; only the state machine's own. */
export type Writer = Database.Database & { readonly __writer?: true };
/** A connection opened read-only. */
export type Reader = Database.Database;

/** Raised when the tables change; a file of another version is refused by name. */
export const stateFormat = 2;

/**
 * A row's id is its revision times this, plus its place among the changes of that revision. Ids stay below 2^53 for
 * 137 thousand million revisions: a thousand a second for four years.
 */
export const mostChangesInARevision = 2 ** 16;

const schema = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE revisions (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    value BLOB,
    createRevision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease INTEGER NOT NULL
  );
  CREATE INDEX revisionsByKey ON revisions (key);
  CREATE TABLE current (
    key BLOB PRIMARY KEY,
    id INTEGER NOT NULL,
    createRevision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE leases (id INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, granted INTEGER NOT NULL);
  CREATE TABLE leaseKeys (lease INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (lease, key)) WITHOUT ROWID;
  CREATE TABLE sessions (id INTEGER PRIMARY KEY, acknowledged INTEGER NOT NULL, lastIndex INTEGER NOT NULL);
  CREATE TABLE answered (
    session INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    result BLOB NOT NULL,
    PRIMARY KEY (session, sequence)
  ) WITHOUT ROWID;
  CREATE TABLE alarms (alarm TEXT NOT NULL, member TEXT NOT NULL, PRIMARY KEY (alarm, member)) WITHOUT ROWID;
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
 * Opens or creates the file for writing; a Buffer is opened as a database in memory. Commits do not sync: the log is
 * what is synced, and entries that a power cut takes from here are applied again from it. Checkpoints are made by the
 * storage thread.
 */
export function openForWriting(file: string | Buffer): Writer {
  const database = openDatabase(file, {});
  try {
    // Must be set before the first table: free pages can then be given back in steps.
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('wal_autocheckpoint = 0');
    const format = database.pragma('user_version', { simple: true });
    if (format === 0) createTables(database);
    else if (format !== stateFormat) throw versionError(nameOf(file), format);
    return database;
  } catch (error) {
    database.close();
    throw asStateError(error, nameOf(file));
  }
}

/** Opens an existing file for reading only. */
export function openForReading(file: string | Buffer): Reader {
  return openDatabase(file, { readonly: true, fileMustExist: typeof file === 'string' });
}

function openDatabase(file: string | Buffer, options: Database.Options): Database.Database {
  try {
    return new Database(file, options);
  } catch (error) {
    throw asStateError(error, nameOf(file));
  }
}

function nameOf(file: string | Buffer): string {
  return typeof file === 'string' ? file : 'the state in memory';
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
  // The second: no space for the index of the write-ahead log.
  if (error.code === 'SQLITE_FULL' || error.code === 'SQLITE_IOERR_SHMSIZE')
    return new StateError('full', `No space is left for ${file}.`, error);
  if (error.code.startsWith('SQLITE_CORRUPT') || error.code === 'SQLITE_NOTADB') {
    return new StateError('corrupt', `${file} is damaged: ${error.message}`, error);
  }
  return new StateError('io', `${file} cannot be used: ${error.message} (${error.code})`, error);
}
