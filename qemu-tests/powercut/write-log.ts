/**
 * Reads what a machine wrote to its disk, in order, with its flushes. An entry takes its place in the log when the
 * write begins; one that is missing because the power went ends the log.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as layout from './layout.ts';

export type LogEntry =
  | {
      readonly kind: 'write';
      /** Where on the disk. */
      readonly sector: number;
      readonly sectors: number;
      /** Where in the log its data begins. */
      readonly dataOffset: number;
      /** Where in the log the entry ends: the log was that long when it was complete. */
      readonly end: number;
      /** Durable by itself. */
      readonly fua: boolean;
    }
  | { readonly kind: 'flush' | 'discard'; readonly end: number };

/** Throws an Error when this is no write log at all. */
export function readWriteLog(file: string): LogEntry[] {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const block = Buffer.alloc(layout.sectorBytes);
    const readAt = (offset: number): boolean =>
      readSync(descriptor, block, 0, block.length, offset) === block.length;
    if (!readAt(0) || block.readBigUInt64LE(layout.superblock.magic.offset) !== layout.magic) {
      throw new Error(`${file} is not a log of writes`);
    }
    const entries: LogEntry[] = [];
    for (let at = layout.sectorBytes; readAt(at); at = entries.at(-1)?.end ?? size) {
      const entry = decodeEntry(block, at);
      if (entry === null || entry.end > size) break;
      entries.push(entry);
    }
    return entries;
  } finally {
    closeSync(descriptor);
  }
}

function decodeEntry(block: Buffer, at: number): LogEntry | null {
  const [sector, sectors] = [layout.entry.sector, layout.entry.sectors].map(({ offset }) =>
    Number(block.readBigUInt64LE(offset)),
  ) as [number, number];
  const flags = block.readBigUInt64LE(layout.entry.flags.offset);
  const dataOffset = at + layout.sectorBytes;
  if ((flags & layout.flags.discard) !== 0n) return { kind: 'discard', end: dataOffset };
  if (sectors === 0) return (flags & layout.flags.flush) === 0n ? null : { kind: 'flush', end: dataOffset };
  const fua = (flags & layout.flags.fua) !== 0n;
  const end = dataOffset + sectors * layout.sectorBytes;
  return { kind: 'write', sector, sectors, dataOffset, end, fua };
}
