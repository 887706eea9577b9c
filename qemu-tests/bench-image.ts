/**
 * `npm run bench:image`: the numbers of the README, measured. Size of the image, time to build it with and without what
 * earlier builds left, time from QEMU's start to high availability, memory inside a node.
 *
 *   npm run bench:image -- --json       as JSON
 *   npm run bench:image -- --runs 5     how often the cluster is formed (default 3)
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openCache } from '../image/cache/cache.ts';
import { Lab } from './lab/lab.ts';
import { askInfo, waitForHa } from './lab/observe.ts';
import { detectAccelerator } from './machine/accelerator.ts';
import { openImage } from './machine/image.ts';
import { buildRecipe, readBuildReport } from './trivet-command.ts';

const recipe = 'recipes/cloud-x86_64.yaml';
const formingLimitSeconds = 600;

/** What is fetched over the network; a cold build has this and nothing else. */
const fetchedStages = ['apt', 'packages'];

interface Results {
  readonly machine: string;
  readonly accelerator: string;
  readonly compressedImageBytes: number;
  readonly coldBuildSeconds: number;
  readonly warmBuildSeconds: number;
  /** From the start of QEMU until all three machines say so; one number a run, three machines each. */
  readonly secondsToHighAvailability: { readonly firmware: number[]; readonly direct: number[] };
  /** Median over the nodes of the last run. */
  readonly usedMemoryBytes: number;
  readonly agentResidentBytes: number;
}

async function measureBuilds(): Promise<{ cold: number; warm: number; zstBytes: number; image: string }> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'trivet-bench-'));
  const usual = process.env.XDG_CACHE_HOME;
  try {
    const image = await build('with the usual cache');
    for (const stage of fetchedStages) {
      const target = path.join(scratch, 'cache/trivet', stage);
      await cp(path.join(openCache().directory, stage), target, { recursive: true });
    }
    process.env.XDG_CACHE_HOME = path.join(scratch, 'cache');
    const outputDirectory = path.join(scratch, 'out');
    await build('with an empty cache, but for what is fetched', outputDirectory);
    const cold = readBuildReport(outputDirectory).seconds;
    await build('again', outputDirectory);
    const warm = readBuildReport(outputDirectory).seconds;
    return { cold, warm, zstBytes: readBuildReport(path.dirname(image)).sizesBytes.zst, image };
  } finally {
    restore(usual);
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function build(how: string, outputDirectory?: string): Promise<string> {
  process.stderr.write(`building ${how}\n`);
  return await buildRecipe(
    recipe,
    outputDirectory === undefined ? { quiet: true } : { outputDirectory, quiet: true },
  );
}

function restore(cacheHome: string | undefined): void {
  if (cacheHome === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cacheHome;
}

interface Forming {
  readonly seconds: number;
  readonly usedMemoryBytes: number;
  readonly agentResidentBytes: number;
}

async function measureForming(image: string, direct: boolean): Promise<Forming> {
  const lab = Lab.open({ image: openImage(image), direct });
  try {
    const startedAt = performance.now();
    const machines = await lab.startMachines(3);
    await waitForHa(machines, { limitSeconds: formingLimitSeconds });
    const seconds = (performance.now() - startedAt) / 1000;
    const infos = await Promise.all(machines.map(askInfo));
    return {
      seconds,
      usedMemoryBytes: median(infos.map(({ memory }) => memory.totalBytes - memory.availableBytes)),
      agentResidentBytes: median(infos.map(({ memory }) => memory.agentResidentBytes)),
    };
  } finally {
    await lab.close();
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}

async function measure(runs: number): Promise<Results> {
  const builds = await measureBuilds();
  const formings: Record<'firmware' | 'direct', Forming[]> = { firmware: [], direct: [] };
  for (const way of ['firmware', 'direct'] as const) {
    for (let run = 1; run <= runs; run += 1) {
      const forming = await measureForming(builds.image, way === 'direct');
      formings[way].push(forming);
      process.stderr.write(`${way}, run ${run} of ${runs}: ${forming.seconds.toFixed(1)} s\n`);
    }
  }
  const all = [...formings.firmware, ...formings.direct];
  return {
    machine: `${os.cpus().length} x ${os.cpus()[0]?.model.trim()}`,
    accelerator: await detectAccelerator(),
    compressedImageBytes: builds.zstBytes,
    coldBuildSeconds: builds.cold,
    warmBuildSeconds: builds.warm,
    secondsToHighAvailability: {
      firmware: formings.firmware.map(({ seconds }) => seconds),
      direct: formings.direct.map(({ seconds }) => seconds),
    },
    usedMemoryBytes: median(all.map(({ usedMemoryBytes }) => usedMemoryBytes)),
    agentResidentBytes: median(all.map(({ agentResidentBytes }) => agentResidentBytes)),
  };
}

function formatResults(results: Results): string {
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const seconds = (value: number): string => `${value.toFixed(1)} s`;
  const { firmware, direct } = results.secondsToHighAvailability;
  const rows = [
    ['image, compressed by zstd', megabytes(results.compressedImageBytes)],
    ['build with an empty cache, packages fetched before', seconds(results.coldBuildSeconds)],
    ['build again, nothing changed', seconds(results.warmBuildSeconds)],
    [
      `three machines to high availability, firmware (median of ${firmware.length})`,
      seconds(median(firmware)),
    ],
    [`three machines to high availability, direct (median of ${direct.length})`, seconds(median(direct))],
    ['memory used inside an idle member, whole system', megabytes(results.usedMemoryBytes)],
    ['of that resident in the agent', megabytes(results.agentResidentBytes)],
  ] as const;
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `${label.padEnd(width)}  ${value.padStart(9)}`);
  return `\nmeasured on ${results.machine}, ${results.accelerator}\n\n${lines.join('\n')}\n`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '3' } },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs ${values.runs}: it must be a number from 1`);
  const results = await measure(runs);
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : formatResults(results));
}

main().catch((error: unknown) => {
  process.stderr.write(`bench:image: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
