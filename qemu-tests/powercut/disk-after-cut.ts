/**
 * What a disk may hold after the power went: everything that was flushed, and of the rest whatever the disk happened to
 * have done: nothing, all, some writes in any order, or parts of them, sector by sector. Choosing is pure.
 *
 * A flush is taken to cover all writes that began before it. Of those still under way a real disk may lose more, but
 * nothing may rely on a write whose end it has not waited for.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { pick, type Random } from '../../runtime/raft/testing/seeded-random.ts';
import { sectorBytes } from './layout.ts';
import type { LogEntry } from './write-log.ts';

const fates = ['none', 'all', 'first', 'some', 'torn'] as const;
/** What the disk had done of the writes that were not flushed. */
export type Fate = (typeof fates)[number];

/** Sectors to take over from the log, in this order. */
export interface Piece {
  readonly sector: number;
  readonly sectors: number;
  readonly dataOffset: number;
}

export interface Cut {
  readonly fate: Fate;
  /** Of all pieces of writes that were not flushed, how many were. */
  readonly unflushed: number;
  readonly lost: number;
  readonly pieces: readonly Piece[];
}

/**
 * The disk when the power goes after `entries`. `flushesCountUntil` is for a disk that lies: flushes that end behind
 * this place in the log did nothing.
 */
export function cutAfter(
  entries: readonly LogEntry[],
  random: Random,
  { fate = pick(random, fates), flushesCountUntil = Number.POSITIVE_INFINITY } = {},
): Cut {
  const lastFlush = entries.findLastIndex(({ kind, end }) => kind === 'flush' && end <= flushesCountUntil);
  const pieces: Piece[] = [];
  let unflushed = 0;
  let lost = 0;
  const waiting = entries.slice(lastFlush + 1).filter((entry) => entry.kind === 'write' && !entry.fua).length;
  const firstLost = Math.floor(random() * (waiting + 1));
  entries.forEach((entry, index) => {
    if (entry.kind !== 'write') return;
    if (index < lastFlush || (entry.fua && flushesCountUntil === Number.POSITIVE_INFINITY)) {
      pieces.push(entry);
      return;
    }
    const kept = survivors(entry, fate, unflushed < firstLost, random);
    // A torn write of many megabytes has more pieces than a call takes arguments.
    for (const piece of kept) pieces.push(piece);
    unflushed += 1;
    if (kept.reduce((sum, piece) => sum + piece.sectors, 0) < entry.sectors) lost += 1;
  });
  return { fate, unflushed, lost, pieces };
}

function survivors(
  write: Piece & { readonly kind: 'write' },
  fate: Fate,
  isAmongFirst: boolean,
  random: Random,
): Piece[] {
  switch (fate) {
    case 'none':
      return [];
    case 'all':
      return [write];
    case 'first':
      return isAmongFirst ? [write] : [];
    case 'some':
      return random() < 0.5 ? [write] : [];
    case 'torn':
      return Array.from({ length: write.sectors }, (_, i) => ({
        sector: write.sector + i,
        sectors: 1,
        dataOffset: write.dataOffset + i * sectorBytes,
      })).filter(() => random() < 0.5);
  }
}

/** Writes the pieces to a raw disk. */
export function applyCut(cut: Cut, logFile: string, diskFile: string): void {
  const [log, disk] = [openSync(logFile, 'r'), openSync(diskFile, 'r+')];
  try {
    for (const { sector, sectors, dataOffset } of cut.pieces) {
      const data = Buffer.alloc(sectors * sectorBytes);
      readSync(log, data, 0, data.length, dataOffset);
      writeSync(disk, data, 0, data.length, sector * sectorBytes);
    }
  } finally {
    closeSync(log);
    closeSync(disk);
  }
}
