/** What can go wrong with the log on disk, in words a person can act on. */

/**
 * - `diskFull`: nothing was written; works again when there is space.
 * - `failed`: the disk has refused a write or a sync. What it holds is unknown, so nothing more is written
 *   until the node is started anew and has read it back.
 * - `damaged`: the log cannot be read in full; only `reset` is possible.
 * - `version`: written by another version of this program.
 * - `invalid`: the caller asked for something that does not fit the log.
 * - `closed`: the storage was closed.
 */
export type LogStorageErrorCode = 'diskFull' | 'failed' | 'damaged' | 'version' | 'invalid' | 'closed';

export class LogStorageError extends Error {
  override readonly name = 'LogStorageError';
  readonly code: LogStorageErrorCode;

  constructor(code: LogStorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Whether an operation failed because no space is left, or none for us. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
