/** Where a node's datastore lies, and how a received snapshot takes the place of the state in one step. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { syncDirectory } from '../files/durable.ts';

export interface StoragePaths {
  readonly log: string;
  readonly state: string;
  readonly snapshots: string;
}

export function storagePaths(dataDirectory: string): StoragePaths {
  return {
    log: path.join(dataDirectory, 'log'),
    state: path.join(dataDirectory, 'state.db'),
    snapshots: path.join(dataDirectory, 'snapshots'),
  };
}

/** The snapshot being received. */
export function incomingFile(paths: StoragePaths): string {
  return path.join(paths.snapshots, 'incoming.db');
}

/** A whole, checked snapshot that is to become the state, also after a crash in the middle. */
function readyFile(paths: StoragePaths): string {
  return path.join(paths.snapshots, 'ready.db');
}

/** The received snapshot, synced and checked, is to become the state: from here on also after a crash. */
export function beginReplacingState(paths: StoragePaths): void {
  renameSync(incomingFile(paths), readyFile(paths));
  syncDirectory(paths.snapshots);
}

/**
 * Completes what `beginReplacingState` began; the old state must be closed. Removing and renaming are several steps, because SQLite's write-ahead
 * log of the old file must not be read into the new one; the ready file says that they are due.
 */
export function finishReplacingState(paths: StoragePaths): void {
  if (!existsSync(readyFile(paths))) return;
  removeState(paths.state);
  syncDirectory(path.dirname(paths.state));
  renameSync(readyFile(paths), paths.state);
  syncDirectory(path.dirname(paths.state));
  syncDirectory(paths.snapshots);
}

/** Removes a state file and what SQLite keeps beside it. */
export function removeState(file: string): void {
  for (const suffix of ['-wal', '-shm', '']) rmSync(file + suffix, { force: true });
}
