/**
 * Whether the disk has room for what a write needs. Writes are refused while there is still some left, because an
 * entry that is in the log and cannot be applied for want of space would stop reads as well.
 */
import { statfsSync } from 'node:fs';

/** A segment of the log, and as much again for the state and its write-ahead log. */
const reserveBytes = 16 * 1024 * 1024;

/** Asked anew for every write: statfs(2) takes microseconds, and a disk can fill in between. */
export function isSpaceLow(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < reserveBytes;
}
