/**
 * What an executable costs its machine: bytes, time to start, memory of an idle agent. Two programs take turns in every
 * round, so that a slow moment of the machine hits both.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { constants as zlib, zstdCompress } from 'node:zlib';
import { freePorts, TestNode, until } from '../agent/testing/test-cluster.ts';
import { median } from './statistics.ts';

export const sides = ['static', 'dynamic'] as const;
export type Side = (typeof sides)[number];
/** Less is better in all of them. */
export type CostRow = { readonly name: string; readonly unit: 'MB' | 'ms' } & Readonly<Record<Side, number>>;

export interface CostOptions {
  readonly programs: Readonly<Record<Side, string>>;
  /** Agents keep their data below it. */
  readonly directory: string;
  readonly startRounds: number;
  readonly memoryRounds: number;
  /** How long an agent rests before its memory is read; runtime/agent/settle.ts has done its first work by then. */
  readonly idleMilliseconds: number;
  readonly say: (line: string) => void;
}

export async function measureCost(options: CostOptions): Promise<CostRow[]> {
  const { say } = options;
  say('sizes');
  const sizes = await measureSizes(options);
  say('start without an agent');
  const lonely = await measureStarts(options, {
    '`trivet --version`': () => ['--version'],
    '`trivet status`, no agent runs': () => ['status', '--socket', path.join(options.directory, 'none')],
  });
  say('start with an agent');
  const answered = await withAgents(options, (nodes) =>
    measureStarts(options, {
      '`trivet status`, the agent answers': (side) => ['status', '--socket', nodes[side].socket],
    }),
  );
  say('memory of an idle agent');
  return [...sizes, ...lonely, ...answered, ...(await measureMemory(options))];
}

async function measureSizes({ programs }: CostOptions): Promise<CostRow[]> {
  const compressed = async (side: Side): Promise<number> => {
    const params = { [zlib.ZSTD_c_compressionLevel]: 19 };
    return (await promisify(zstdCompress)(await readFile(programs[side]), { params })).length / 1e6;
  };
  return [
    row('size', 'MB', (side) => statSync(programs[side]).size / 1e6),
    {
      ...{ name: 'size, compressed by zstd -19', unit: 'MB' },
      ...{ static: await compressed('static'), dynamic: await compressed('dynamic') },
    },
  ];
}

type Words = (side: Side) => readonly string[];

/** Milliseconds from the start of a process to its end, as whoever waits for it sees them. */
async function measureStarts(
  options: CostOptions,
  commands: Readonly<Record<string, Words>>,
): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const [name, words] of Object.entries(commands)) {
    const run = (side: Side): number => timeOf(options.programs[side], words(side));
    // The first start reads the file, and pkg's writes its addon to the disk.
    for (const side of sides) run(side);
    const times = await inTurns(options.startRounds, async (side) => run(side));
    rows.push(row(name, 'ms', (side) => median(times[side])));
  }
  return rows;
}

function timeOf(program: string, words: readonly string[]): number {
  const startedAt = performance.now();
  const { error, signal, stderr } = spawnSync(program, [...words], { encoding: 'utf8' });
  const elapsed = performance.now() - startedAt;
  if (error) throw error;
  // Without an agent it ends with 1 and a sentence; a crash is something else.
  if (signal !== null || /^\s+at /m.test(stderr)) throw new Error(`${program} ${words.join(' ')}: ${stderr}`);
  return elapsed;
}

interface Memory {
  readonly resident: number;
  readonly proportional: number;
  readonly anonymous: number;
}

/** The only node of its cluster, which it founded before: as a device runs from its second start on. */
async function measureMemory(options: CostOptions): Promise<CostRow[]> {
  const measured = await inTurns(options.memoryRounds, (side, round) =>
    withAgent(options, `${side}${round}`, options.programs[side], async (node) => {
      await node.stop('SIGTERM');
      node.start();
      await untilLeading(node);
      await sleep(options.idleMilliseconds);
      return memoryOf(node.pid!);
    }),
  );
  const of = (name: string, figure: keyof Memory): CostRow =>
    row(name, 'MB', (side) => median(measured[side].map((memory) => memory[figure])));
  return [
    of('idle agent, resident memory', 'resident'),
    of('idle agent, its share of what is shared (PSS)', 'proportional'),
    of('idle agent, anonymous memory', 'anonymous'),
  ];
}

function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (field: string): number => {
    const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
    return (Number(kilobytes) * 1_024) / 1e6;
  };
  return {
    resident: megabytes('Rss'),
    proportional: megabytes('Pss'),
    anonymous: megabytes('Anonymous'),
  };
}

async function withAgents<T>(
  options: CostOptions,
  work: (nodes: Readonly<Record<Side, TestNode>>) => Promise<T>,
): Promise<T> {
  const { programs } = options;
  return withAgent(options, 's', programs.static, (one) =>
    withAgent(options, 'd', programs.dynamic, (other) => work({ static: one, dynamic: other })),
  );
}

async function withAgent<T>(
  { directory }: CostOptions,
  name: string,
  program: string,
  work: (node: TestNode) => Promise<T>,
): Promise<T> {
  const [port = 0] = await freePorts(1);
  const addresses = [`127.0.0.1:${port}`];
  // An empty section of the datastore: the defaults of a device, not those of tests.
  const more = { datastore: {} };
  const node = new TestNode(path.join(directory, name), { port, addresses, program, more, expect: 1 });
  node.start();
  try {
    await untilLeading(node);
    return await work(node);
  } catch (error) {
    throw new Error(`${String(error)}\n${node.output.slice(-2_000)}`);
  } finally {
    await node.stop('SIGKILL');
  }
}

async function untilLeading(node: TestNode): Promise<void> {
  await until('the agent leads its cluster of one', async () => (await node.status()).leader !== null);
}

async function inTurns<T>(
  rounds: number,
  measure: (side: Side, round: number) => Promise<T>,
): Promise<Record<Side, T[]>> {
  const results: Record<Side, T[]> = { static: [], dynamic: [] };
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? sides : [...sides].reverse();
    for (const side of order) results[side].push(await measure(side, round));
  }
  return results;
}

function row(name: string, unit: CostRow['unit'], value: (side: Side) => number): CostRow {
  return { name, unit, static: value('static'), dynamic: value('dynamic') };
}
