/** Writes the content of a partition: only blocks that differ, slowly enough for others, and read back afterwards. */
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const blockBytes = 1024 * 1024;
/** So much may be on its way to the disk at once: who else syncs there waits for it. */
const syncedBytes = 4 * blockBytes;

export interface WrittenBlocks {
  readonly written: number;
  readonly unchanged: number;
}

/** The content ends up at the start of `file`, synced. */
export async function writeDifferences(
  file: string,
  content: AsyncIterable<Uint8Array>,
): Promise<WrittenBlocks> {
  const handle = await open(file, 'r+');
  try {
    const sums = { written: 0, unchanged: 0 };
    const present = Buffer.alloc(blockBytes);
    let offset = 0;
    let unsynced = 0;
    for await (const block of inBlocks(content)) {
      const { bytesRead } = await handle.read(present, 0, block.length, offset);
      if (present.subarray(0, bytesRead).equals(block)) sums.unchanged += 1;
      else {
        await writeAll(handle, block, offset);
        sums.written += 1;
        unsynced += block.length;
      }
      offset += block.length;
      if (unsynced < syncedBytes) continue;
      await syncAndRest(handle);
      unsynced = 0;
    }
    await handle.sync();
    return sums;
  } finally {
    await handle.close();
  }
}

/** SHA-256 of the first bytes of a partition, in lower-case hexadecimal. */
export async function sha256OfStart(file: string, sizeBytes: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(blockBytes);
    for (let at = 0; at < sizeBytes; ) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(blockBytes, sizeBytes - at), at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}

/** The size of a file or a block device, in bytes. */
export function sizeOfDevice(file: string): number {
  const status = statSync(file);
  if (!status.isBlockDevice()) return status.size;
  // The kernel counts in sectors of 512 bytes, whatever the disk has.
  return 512 * Number(readFileSync(`/sys/class/block/${path.basename(realpathSync(file))}/size`, 'utf8'));
}

async function* inBlocks(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const block = Buffer.alloc(blockBytes);
  let filled = 0;
  for await (const piece of content) {
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(blockBytes - filled, piece.length - at);
      block.set(piece.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < blockBytes) continue;
      yield block;
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}

async function writeAll(handle: FileHandle, block: Buffer, offset: number): Promise<void> {
  for (let at = 0; at < block.length; ) {
    at += (await handle.write(block, at, block.length - at, offset + at)).bytesWritten;
  }
}

/** The disk belongs to others for as long as it was taken. */
async function syncAndRest(handle: FileHandle): Promise<void> {
  const startedAt = performance.now();
  await handle.datasync();
  await pause(performance.now() - startedAt);
}
