import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import t from 'tap';
import { seededRandom } from '../../runtime/raft/testing/seeded-random.ts';
import { applyCut, cutAfter } from './disk-after-cut.ts';
import * as layout from './layout.ts';
import { readWriteLog } from './write-log.ts';

type Line = { sector: number; fill: number; sectors: number } | 'flush';

/** A log as QEMU writes it. */
function encodeLog(lines: readonly Line[]): Buffer {
  const head = Buffer.alloc(layout.sectorBytes);
  head.writeBigUInt64LE(layout.magic, layout.superblock.magic.offset);
  const entries = lines.map((line) => {
    const entry = Buffer.alloc(layout.sectorBytes);
    if (line === 'flush') {
      entry.writeBigUInt64LE(layout.flags.flush, layout.entry.flags.offset);
      return entry;
    }
    entry.writeBigUInt64LE(BigInt(line.sector), layout.entry.sector.offset);
    entry.writeBigUInt64LE(BigInt(line.sectors), layout.entry.sectors.offset);
    return Buffer.concat([entry, Buffer.alloc(line.sectors * layout.sectorBytes, line.fill)]);
  });
  return Buffer.concat([head, ...entries]);
}

const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
t.teardown(() => rmSync(directory, { recursive: true, force: true }));
const log = path.join(directory, 'log');
const disk = path.join(directory, 'disk');

/** The first byte of every sector of the disk after a cut. */
function diskAfter(lines: readonly Line[], options: Parameters<typeof cutAfter>[2], seed = 1): number[] {
  writeFileSync(log, encodeLog(lines));
  writeFileSync(disk, Buffer.alloc(8 * layout.sectorBytes));
  applyCut(cutAfter(readWriteLog(log), seededRandom(seed), options), log, disk);
  const bytes = readFileSync(disk);
  return Array.from({ length: 8 }, (_, sector) => bytes[sector * layout.sectorBytes] ?? -1);
}

const lines: Line[] = [
  { sector: 0, sectors: 2, fill: 1 },
  { sector: 1, sectors: 1, fill: 2 },
  'flush',
  { sector: 0, sectors: 4, fill: 3 },
  { sector: 6, sectors: 2, fill: 4 },
];

t.test('cutAfter keeps what was flushed, in order', async (t) => {
  t.same(diskAfter(lines, { fate: 'none' }), [1, 2, 0, 0, 0, 0, 0, 0]);
  t.same(diskAfter(lines, { fate: 'all' }), [3, 3, 3, 3, 0, 0, 4, 4]);
});

t.test('cutAfter loses any part of what was not flushed, and only of that', async (t) => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 200; seed += 1) {
    const [first, second, ...rest] = diskAfter(lines, { fate: 'torn' }, seed);
    t.ok([1, 3].includes(first as number) && [2, 3].includes(second as number));
    seen.add(rest.join());
  }
  // Four sectors of them could each be there or not.
  t.equal(seen.size, 16);
});

t.test('cutAfter can be of a disk that lies about flushes', async (t) => {
  const end = readWriteLog(log)[1]?.end ?? 0;
  t.same(diskAfter(lines, { fate: 'none', flushesCountUntil: end }), [0, 0, 0, 0, 0, 0, 0, 0]);
});

t.test('readWriteLog ends where the power ended the log', async (t) => {
  const whole = encodeLog(lines);
  for (let length = layout.sectorBytes; length < whole.length; length += 100) {
    writeFileSync(log, whole.subarray(0, length));
    const entries = readWriteLog(log);
    t.ok(entries.length < lines.length && entries.every(({ end }) => end <= length));
  }
  writeFileSync(log, 'no log');
  t.throws(() => readWriteLog(log), /is not a log of writes/);
});

t.test(
  'cutAfter tears a write of hundreds of megabytes too, as the making of a file system begins with',
  async (t) => {
    const sectors = 1_000_000;
    const write = { kind: 'write', sector: 0, sectors, dataOffset: 0, end: 0, fua: false } as const;
    const { pieces, lost } = cutAfter([write], seededRandom(1), { fate: 'torn' });
    t.equal(lost, 1);
    t.ok(pieces.length > sectors / 3 && pieces.length < (2 * sectors) / 3);
  },
);
