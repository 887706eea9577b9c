/**
 * Whether the disk has room for what a write needs. Writes are refused while there is still some left, because an
 * entry that is in the log and cannot be applied for want of space would stop reads as well.
 */
import { statfsSync } from 'node:fs';

/** A segment of the log, and as much again for the state and its write-ahead log. */
const reserveBytes = 16 * 1024 * 1024;
const askEveryMilliseconds = 500;

export class FreeSpace {
  readonly #directory: string;
  #low = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(directory: string) {
    this.#directory = directory;
  }

  isLow(): boolean {
    const now = performance.now();
    if (now - this.#askedAt >= askEveryMilliseconds) {
      const { bavail, bsize } = statfsSync(this.#directory);
      this.#low = bavail * bsize < reserveBytes;
      this.#askedAt = now;
    }
    return this.#low;
  }
}
