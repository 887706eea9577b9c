/** What can be found on the data partition of a machine that is off: files that are there, and bytes that are left of others. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { findPartition, offsetOf } from './disk-surgery.ts';

const chunkBytes = 8 * 1024 * 1024;

export interface DataPartition {
  /** Copies a file out of the file system; `name` as it is below /var. Throws when it is not there. */
  copyFile(name: string, target: string): void;
  /** Which of these are somewhere on the partition: in files, in the journal, in free blocks. */
  find(wanted: Readonly<Record<string, Buffer>>): string[];
}

/** Looks at a disk in QEMU's format. */
export function withDataPartition<Result>(
  diskFile: string,
  use: (partition: DataPartition) => Result,
): Result {
  const raw = `${diskFile}.raw`;
  const partition = findPartition(diskFile, 'data');
  const from = offsetOf(partition);
  try {
    execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', diskFile, raw]);
    return use({
      copyFile: (name, target) => {
        const request = `dump ${name} ${target}`;
        execFileSync('/usr/sbin/debugfs', ['-R', request, `${raw}?offset=${from}`], { stdio: 'pipe' });
      },
      find: (wanted) => findBytes(raw, from, from + partition.sectors * sectorSize, wanted),
    });
  } finally {
    rmSync(raw, { force: true });
  }
}

function findBytes(
  file: string,
  from: number,
  to: number,
  wanted: Readonly<Record<string, Buffer>>,
): string[] {
  const longest = Math.max(...Object.values(wanted).map(({ length }) => length));
  const found = new Set<string>();
  const handle = openSync(file, 'r');
  // Each piece begins with the end of the one before it.
  const buffer = Buffer.alloc(chunkBytes + longest);
  try {
    for (let at = from; at < to; at += chunkBytes) {
      const count = readSync(handle, buffer, 0, Math.min(buffer.length, to - at), at);
      const piece = buffer.subarray(0, count);
      for (const [name, bytes] of Object.entries(wanted)) if (piece.includes(bytes)) found.add(name);
    }
  } finally {
    closeSync(handle);
  }
  return [...found].sort();
}
