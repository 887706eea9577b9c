import t from 'tap';
import { seededRandom } from '../../raft/testing/seeded-random.ts';
import type { Entry } from '../../raft/types.ts';
import { alignUp, FRAME_HEADER_BYTES, SEGMENT_HEADER_BYTES } from './layout.ts';
import { type LogStorage, openLogStorage } from './log-storage.ts';
import { encodeFrame, encodeSegmentHeader } from './segment.ts';
import { baseAt, batch, entries, hardState } from './testing/entries.ts';
import { MemoryFiles, PowerCut } from './testing/memory-files.ts';

const directory = '/log';
const segmentBytes = 4096;
const FRAME_BYTES = alignUp(FRAME_HEADER_BYTES + 24 + 8);

function open(files: MemoryFiles): Promise<LogStorage> {
  return openLogStorage({ directory, segmentBytes, files });
}

/** A log with one frame per entry; the first frame of a segment has the base too. */
async function logOf(count: number, dataBytes = 8): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ hardState: hardState(3, 'a') }));
  for (let index = 1; index <= count; index++)
    await log.append(batch({ entries: entries(index, index, 3, dataBytes) }));
  await log.close();
  return files;
}

function segmentPaths(files: MemoryFiles): string[] {
  return files.paths.filter((path) => path.endsWith('.log'));
}

/** Where the bytes of the last frame end. */
function endOf(segment: Buffer): number {
  return alignUp(segment.findLastIndex((byte) => byte !== 0) + 1);
}

t.test('openLogStorage drops a last write torn at any byte, and goes on after it', async (t) => {
  const whole = await logOf(5);
  const [path] = segmentPaths(whole);
  const end = endOf(whole.bytes(path!));
  for (let cut = end - FRAME_BYTES; cut < end; cut++) {
    const files = await logOf(5);
    files.bytes(segmentPaths(files)[0]!).fill(0, cut);
    const log = await open(files);
    t.same(log.recovered.entries, entries(1, 4, 3), `cut at ${cut - end}`);
    t.equal(log.recovered.damaged, null);
    t.equal(log.recovered.truncatedTail, cut > end - FRAME_BYTES);
    t.same(log.recovered.hardState, hardState(3, 'a'));
    await log.append(batch({ entries: entries(5, 6, 4) }));
    await log.close();
    const again = await open(files);
    t.same(again.recovered.entries, [...entries(1, 4, 3), ...entries(5, 6, 4)]);
    t.match(again.recovered, { damaged: null, truncatedTail: false });
    await again.close();
  }
});

t.test('openLogStorage calls every flipped bit before the last write damage', async (t) => {
  const files = await logOf(5);
  const bytes = files.bytes(segmentPaths(files)[0]!);
  const lastFrame = endOf(bytes) - FRAME_BYTES;
  let harmless = 0;
  for (let at = 0; at < lastFrame; at++) {
    const bit = 1 << (at % 8);
    bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at);
    const log = await open(files).catch((error: unknown) => error as Error);
    if (log instanceof Error) {
      t.match(log, { code: 'version' });
    } else if (log.recovered.damaged === null) {
      harmless++;
      t.same(log.recovered.entries, entries(1, 5, 3), 'only padding may change without notice');
    } else {
      t.same(log.recovered.entries, []);
      await t.rejects(log.append(batch({ entries: entries(6, 6, 3) })), { code: 'damaged' });
    }
    bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at);
  }
  t.ok(harmless < 40, `${harmless} bytes of padding`);
  t.match((await open(files)).recovered, { damaged: null, truncatedTail: false });
});

t.test('reset makes a damaged log usable, and keeps the newest term and vote that can be read', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  await log.append(batch({ hardState: hardState(3, 'a') }));
  await log.append(batch({ entries: entries(1, 1, 3) }));
  const end = endOf(files.bytes(segmentPaths(files)[0]!));
  await log.append(batch({ entries: entries(2, 2, 3) }));
  await log.append(batch({ hardState: hardState(7, 'b') }));
  await log.close();
  files.bytes(segmentPaths(files)[0]!).fill(0xff, end, end + 4);
  const damaged = await open(files);
  t.match(damaged.recovered, { damaged: /bad bytes/, hardState: hardState(7, 'b') });
  await damaged.reset(baseAt(0, 0));
  await damaged.append(batch({ entries: entries(1, 1, 8) }));
  await damaged.close();
  const again = await open(files);
  t.match(again.recovered, { damaged: null, hardState: hardState(7, 'b') });
  t.same(again.recovered.entries, entries(1, 1, 8));
  await again.close();
});

t.test('openLogStorage calls damage in any earlier segment, and a missing one, damage', async (t) => {
  const damages: ((files: MemoryFiles, paths: string[]) => unknown)[] = [
    (files, paths) => files.bytes(paths[0]!).fill(0, endOf(files.bytes(paths[0]!)) - 8),
    (files, paths) => files.bytes(paths[1]!).fill(0, 0, SEGMENT_HEADER_BYTES),
    (files, paths) => files.bytes(paths[1]!).fill(0),
    (files, paths) => files.bytes(paths.at(-1)!).fill(0, SEGMENT_HEADER_BYTES),
    (files, paths) => files.remove(paths[1]!),
    (files, paths) => files.remove(paths[0]!),
  ];
  for (const [number, damage] of damages.entries()) {
    const files = await logOf(40, 500);
    const paths = segmentPaths(files);
    t.ok(paths.length > 3);
    await damage(files, paths);
    const log = await open(files);
    t.type(log.recovered.damaged, 'string', `damage ${number}: ${log.recovered.damaged}`);
    await log.close();
  }
});

t.test('openLogStorage refuses another format version in words', async (t) => {
  const files = await logOf(1);
  const bytes = files.bytes(segmentPaths(files)[0]!);
  const { crc32 } = await import('node:zlib');
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(0, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SEGMENT_HEADER_BYTES)), 12);
  await t.rejects(open(files), { code: 'version', message: /log format 2, this program knows 1/ });
});

t.test('openLogStorage does not take data for frames', async (t) => {
  const files = new MemoryFiles();
  const log = await open(files);
  const foreign = encodeFrame(1n, SEGMENT_HEADER_BYTES, 99, [
    { kind: 'hardState', hardState: hardState(99, 'z') },
  ]);
  const data = Buffer.concat([encodeSegmentHeader({ sequence: 1, nonce: 1n }), foreign]);
  await log.append(batch({ entries: entries(1, 1) }));
  await log.append(batch({ entries: [{ ...entries(2, 2)[0], data: new Uint8Array(data) } as Entry] }));
  await log.close();
  const bytes = files.bytes(segmentPaths(files)[0]!);
  const end = endOf(bytes);
  bytes.fill(0, end - 8, end);
  t.match((await open(files)).recovered, { damaged: null, truncatedTail: true, hardState: null });
});

t.test(
  'openLogStorage makes durable what it finds in the page cache of a process that was killed',
  async (t) => {
    for (const first of [true, false]) {
      const files = new MemoryFiles();
      const killed = await open(files);
      if (!first) await killed.append(batch({ entries: entries(1, 1) }));
      const next = first ? 1 : 2;
      // Nothing that is written from here on is synced before the process ends.
      files.fault = (operation) => {
        if (operation === 'sync' || operation === 'syncDirectory') throw new Error('killed');
      };
      await t.rejects(killed.append(batch({ entries: entries(next, next) })));
      files.fault = () => undefined;
      const log = await open(files);
      const found = log.recovered.entries;
      if (!first) t.same(found, entries(1, 2));
      files.crash(() => false);
      t.same((await open(files)).recovered.entries, found, 'after a power cut too');
    }
  },
);

interface Acknowledged {
  term: number;
  entries: Entry[];
  base: number;
  /** The request that was under way when the power went off: it may have happened or not. */
  pending: { readonly entries: Entry[]; readonly base: number } | null;
}

/** Appends with rewrites, votes, rolls, compactions and a snapshot; records what was acknowledged. */
async function runScript(files: MemoryFiles, done: Acknowledged): Promise<void> {
  const log = await open(files);
  const attempt = async (after: { entries: Entry[]; base: number }, work: () => Promise<void>) => {
    done.pending = after;
    await work();
    Object.assign(done, after);
    done.pending = null;
  };
  for (let step = 1; step <= 12; step++) {
    await log.append(batch({ hardState: hardState(step, 'a') }));
    done.term = step;
    const kept = done.entries.filter((entry) => entry.index < done.base + 3 * step);
    const from = (kept.at(-1)?.index ?? done.base) + 1;
    const added = entries(from, from + 3, step, 400);
    await attempt({ entries: [...kept, ...added], base: done.base }, () =>
      log.append(batch({ entries: added })),
    );
    if (step === 6) {
      const after = { entries: entries(101, 102, step, 40), base: 100 };
      await attempt(after, () => log.append(batch({ base: baseAt(100), entries: after.entries })));
    }
    if (step % 4 === 3) {
      const base = done.entries[2]!.index;
      const after = { entries: done.entries.filter((entry) => entry.index > base), base };
      await attempt(after, () => log.compact(baseAt(base)));
    }
  }
  await log.close();
}

t.test('append loses nothing acknowledged when the power goes off at any operation', async (t) => {
  const whole = new MemoryFiles();
  await runScript(whole, { term: 0, entries: [], base: 0, pending: null });
  const random = seededRandom(7);
  const survivals = {
    nothing: () => false,
    everything: () => true,
    'half the sectors': () => random() < 0.5,
  };
  let cuts = 0;
  for (let cutAt = 0; cutAt < whole.operations; cutAt++) {
    for (const [name, survives] of Object.entries(survivals)) {
      const files = new MemoryFiles();
      files.cutAt = cutAt;
      const done: Acknowledged = { term: 0, entries: [], base: 0, pending: null };
      const ended = await runScript(files, done).catch((error: unknown) => error as Error);
      if (ended instanceof Error && !isPowerCut(ended)) throw ended;
      files.crash(survives);
      const { recovered } = await open(files);
      const label = `cut at operation ${cutAt}, ${name} survives`;
      const found = JSON.stringify([
        recovered.base.index,
        recovered.entries.map((entry) => [entry.index, entry.term]),
      ]);
      const states = [done, ...(done.pending ? [done.pending] : [])].map((state) =>
        JSON.stringify([state.base, state.entries.map((entry) => [entry.index, entry.term])]),
      );
      const term = recovered.hardState?.term ?? 0;
      if (recovered.damaged !== null || !states.includes(found) || term < done.term || term > done.term + 1) {
        t.fail(
          `${label}: found term ${term}, ${found}, damage ${recovered.damaged}; expected ${done.term}, ${states}`,
        );
        return;
      }
      cuts++;
    }
  }
  t.ok(cuts > 150, `${cuts} power cuts`);
});

function isPowerCut(error: unknown): boolean {
  return error instanceof PowerCut || (error instanceof Error && isPowerCut(error.cause));
}
