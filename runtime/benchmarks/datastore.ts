/** `npm run bench:datastore`: the embedded datastore and etcd 3.5 side by side. `--help` says what it takes. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Row } from './bench.ts';
import { startEtcdSubject } from './etcd-subject.ts';
import { LoadClient } from './load.ts';
import { fillAll, measurements } from './measurements.ts';
import { plotRatios } from './plot.ts';
import type { Subject } from './subject.ts';
import { formatTable } from './table.ts';
import { startTrivetSubject } from './trivet-subject.ts';

const members = 3;
const sides = ['trivet', 'etcd'];

const help = `Usage: npm run bench:datastore -- [OPTIONS]

Holds the embedded datastore against etcd 3.5, three processes each, on loopback and on one disk.

  --quick         short rounds and three faults: a look, not a result
  --only NAME     one measurement; may be repeated: ${Object.keys(measurements).join(', ')}
  --side NAME     one side only: ${sides.join(' or ')}
  --faults N      leaders killed and stopped (default 50)
  --directory DIR where the members keep their data (default: a new one in the system's directory for such)
  --plot FILE     also draws the ratios as SVG
  --sources       agents from their sources, not the device's executable: quicker to try, larger in memory
  --json          prints JSON
  --help          this
`;

class UsageError extends Error {}

interface Options {
  readonly quick: boolean;
  readonly only: readonly string[];
  readonly sides: readonly string[];
  readonly faults: number;
  readonly directory: string | undefined;
  readonly plot: string | undefined;
  readonly sources: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

function readOptions(words: readonly string[]): Options {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(words);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const only = values.only ?? Object.keys(measurements);
  const unknown = only.find((name) => !(name in measurements));
  if (unknown !== undefined) throw new UsageError(`--only: there is no measurement ${unknown}`);
  if (values.side !== undefined && !sides.includes(values.side)) {
    throw new UsageError(`--side: must be ${sides.join(' or ')}, not ${values.side}`);
  }
  const faults = Number(values.faults ?? (values.quick ? 3 : 50));
  if (!Number.isInteger(faults) || faults < 1)
    throw new UsageError('--faults: must be a whole number from 1');
  return {
    quick: values.quick === true,
    only,
    sides: values.side === undefined ? sides : [values.side],
    faults,
    directory: values.directory,
    plot: values.plot,
    sources: values.sources === true,
    json: values.json === true,
    help: values.help === true,
  };
}

function parse(words: readonly string[]) {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      side: { type: 'string' },
      faults: { type: 'string' },
      directory: { type: 'string' },
      plot: { type: 'string' },
      sources: { type: 'boolean' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  return values;
}

async function runAll(options: Options, directory: string): Promise<Row[]> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const program = options.sources || !options.sides.includes('trivet') ? undefined : agentProgram();
  const subjects: Subject[] = [];
  const client = new LoadClient();
  try {
    // The longest names first: a socket's name may have 107 bytes.
    if (options.sides.includes('trivet'))
      subjects.push(await startTrivetSubject(path.join(directory, 't'), members, program));
    if (options.sides.includes('etcd'))
      subjects.push(await startEtcdSubject(path.join(directory, 'e'), members));
    const bench: Bench = {
      ...{ subjects, client, directory, program, say, faults: options.faults },
      rounds: options.quick ? 1 : 5,
      roundMilliseconds: options.quick ? 2_000 : 4_000,
      idleMilliseconds: options.quick ? 5_000 : 30_000,
      saturationMilliseconds: options.quick ? 10_000 : 60_000,
    };
    say(`writing the keys that all measurements use`);
    await fillAll(bench);
    const rows: Row[] = [];
    for (const name of options.only) {
      say(name);
      const found = await measurements[name]!(bench);
      rows.push(...found);
      for (const row of found) say(`  ${formatTable([row]).split('\n').at(-1)}`);
    }
    return rows;
  } finally {
    client.close();
    await Promise.all(subjects.map((subject) => subject.close()));
  }
}

function agentProgram(): string {
  const file = path.resolve(import.meta.dirname, '../../out/agent/trivet');
  if (existsSync(file)) return file;
  throw new Error(`${file} is missing: use npm run bench:datastore, which makes it, or add --sources`);
}

async function main(words: readonly string[]): Promise<void> {
  const options = readOptions(words);
  if (options.help) {
    process.stdout.write(help);
    return;
  }
  const directory = mkdtempSync(path.join(options.directory ?? os.tmpdir(), 'trivet-bench-'));
  try {
    const rows = await runAll(options, directory);
    const machine = `${os.cpus().length} × ${os.cpus()[0]?.model.trim()}, Linux ${os.release()}, Node ${process.version}`;
    if (options.json) process.stdout.write(`${JSON.stringify({ machine, rows }, null, 2)}\n`);
    else process.stdout.write(`${machine}\n\n${formatTable(rows)}\n`);
    if (options.plot !== undefined) writeFileSync(options.plot, plotRatios(rows, machine));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof UsageError) process.stderr.write(`bench:datastore: ${error.message}\n\n${help}`);
  else process.stderr.write(`bench:datastore: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
