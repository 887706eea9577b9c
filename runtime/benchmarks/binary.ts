/** `npm run bench:binary`: the static executable beside the same program on plain Node. `--help` says what it takes. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type CostOptions, type CostRow, measureCost, type Side } from './program-cost.ts';
import { formatCostMarkdown, formatCostTable } from './program-table.ts';

const help = `Usage: npm run bench:binary -- [OPTIONS]

Holds the static executable against the same program packaged with plain, dynamically linked Node: size, time to start,
memory of an idle agent. Medians; both take turns in each round.

  --quick         few rounds and a short rest: a look, not a result
  --markdown      prints the table for the README
  --json          prints JSON
  --help          this
`;

class UsageError extends Error {}

function readOptions(words: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({ args: [...words], options: { quick: flag, markdown: flag, json: flag, help: flag } })
      .values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function findProgram(name: string): string {
  const file = path.resolve(import.meta.dirname, '../../out/agent', name);
  if (existsSync(file)) return file;
  throw new Error(`${file} is missing: use npm run bench:binary, which makes it`);
}

async function measure(quick: boolean, directory: string): Promise<CostRow[]> {
  const programs: Record<Side, string> = {
    static: findProgram('trivet'),
    dynamic: findProgram('trivet-dynamic'),
  };
  const effort: Pick<CostOptions, 'startRounds' | 'memoryRounds' | 'idleMilliseconds'> = quick
    ? { startRounds: 5, memoryRounds: 1, idleMilliseconds: 5_000 }
    : { startRounds: 40, memoryRounds: 5, idleMilliseconds: 45_000 };
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  return measureCost({ programs, directory, say, ...effort });
}

async function main(words: readonly string[]): Promise<void> {
  const options = readOptions(words);
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  const directory = mkdtempSync(path.join(os.tmpdir(), 'trivet-bench-'));
  try {
    const rows = await measure(options.quick, directory);
    const machine = `${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, Linux ${os.release()}, Node ${process.version}`;
    const table = options.markdown ? formatCostMarkdown(rows) : `${machine}\n\n${formatCostTable(rows)}`;
    process.stdout.write(options.json ? `${JSON.stringify({ machine, rows }, null, 2)}\n` : `${table}\n`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`bench:binary: ${error.message}\n\n${help}`);
  else process.stderr.write(`bench:binary: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
