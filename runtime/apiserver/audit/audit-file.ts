/**
 * Lines into a file, behind the back of whoever has them: what the disk does not take in time is counted and left out. A full
 * file makes way for the next; the oldest goes.
 */
import { appendFile, mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

export interface AuditFileOptions {
  readonly file: string;
  readonly mostBytes: number;
  /** Beside the one that is written. */
  readonly mostFiles: number;
  /** With how many lines are lost, or what the disk says. */
  readonly onFault: (sentence: string) => void;
}

export interface AuditFile {
  readonly write: (line: string) => void;
  /** Resolves when all is written. */
  readonly close: () => Promise<void>;
}

/** Of lines that wait for the disk. */
const mostWaitingBytes = 16 * 1024 * 1024;

export function openAuditFile(options: AuditFileOptions): AuditFile {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let writing: Promise<void> | null = null;
  let size: number | null = null;
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const lines = waiting;
      const bytes = waitingBytes;
      [waiting, waitingBytes] = [[], 0];
      try {
        size = await makeRoom(options, size ?? (await beginFile(options.file)), bytes);
        await appendFile(options.file, lines.join(''), { mode: 0o600 });
        size += bytes;
      } catch (error) {
        lost += lines.length;
        // It may be another file now.
        size = null;
        options.onFault(`${lost} lines of the audit are lost: ${(error as Error).message}`);
      }
    }
    writing = null;
  };
  return {
    write: (line) => {
      const text = `${line}\n`;
      const bytes = Buffer.byteLength(text);
      if (waitingBytes + bytes > mostWaitingBytes) {
        lost += 1;
        if (lost === 1) options.onFault('lines of the audit are lost: the disk is slower than they come');
        return;
      }
      waiting.push(text);
      waitingBytes += bytes;
      writing ??= drain();
    },
    close: async () => {
      while (writing !== null) await writing;
    },
  };
}

async function beginFile(file: string): Promise<number> {
  await mkdir(path.dirname(file), { recursive: true });
  const known = await stat(file).catch(() => null);
  return known?.size ?? 0;
}

/** @returns how much is in the file that the lines go to */
async function makeRoom(
  { file, mostBytes, mostFiles }: AuditFileOptions,
  size: number,
  bytes: number,
): Promise<number> {
  if (size === 0 || size + bytes <= mostBytes) return size;
  await rm(`${file}.${mostFiles}`, { force: true });
  for (let number = mostFiles - 1; number >= 1; number -= 1) {
    await rename(`${file}.${number}`, `${file}.${number + 1}`).catch(ignoreMissing);
  }
  if (mostFiles > 0) await rename(file, `${file}.1`);
  else await rm(file);
  return 0;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
