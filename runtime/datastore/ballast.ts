/**
 * A file that only takes space, thrown overboard when the disk is full: SQLite cannot even open a state without writing a
 * little beside it, and a node on a full disk must still start, read, and take the deletions that make room.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ballastBytes = 1024 * 1024;
const name = 'ballast';

/** Puts the ballast in place, where there is space for it. */
export function takeBallast(directory: string): void {
  const file = path.join(directory, name);
  if (existsSync(file)) return;
  try {
    writeFileSync(file, new Uint8Array(ballastBytes), { mode: 0o600 });
  } catch {
    // No space: what was written of it would only be in the way.
    rmSync(file, { force: true });
  }
}

/** Makes room; false when there was none to be made. */
export function dropBallast(directory: string): boolean {
  const file = path.join(directory, name);
  if (!existsSync(file)) return false;
  rmSync(file);
  return true;
}
