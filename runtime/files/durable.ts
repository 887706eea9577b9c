/** Files that survive a power cut: written beside their place, synced, renamed, and the directory synced too. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** Replaces a file in one step: after a crash it holds either the old content or the new. Mode 0600 by default. */
export function writeFileDurably(file: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', mode);
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
    for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  syncDirectory(path.dirname(file));
}

/** Writes over a file in its place on the disk, so that nothing stays of what was there. Not in one step. */
export function overwriteFile(file: string, bytes: Uint8Array): void {
  const handle = openSync(file, 'r+');
  try {
    for (let written = 0; written < bytes.length; )
      written += writeSync(handle, bytes, written, bytes.length - written, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Removes a file, and what was in it from its place on the disk. */
export function wipeFile(file: string): void {
  overwriteFile(file, new Uint8Array(statSync(file).size));
  rmSync(file);
  syncDirectory(path.dirname(file));
}

/** Makes a directory with mode 0700 and its place in the parent durable. */
export function makeDirectoryDurably(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  syncDirectory(path.dirname(directory));
}

/** Makes creations, renames and deletions in a directory durable. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** The file's text, or null when there is none. */
export function readTextIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
