/** `npm run bench:api`: what the Kubernetes API of a cluster of three does, and what it costs. `--help` says what it takes. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { freePorts, TestNode, until } from '../agent/testing/test-cluster.ts';
import { provideOperatorKey } from '../operator/operator-key.ts';
import { ApiConnection, type ApiTarget } from './api/api-client.ts';
import { measureRequests, type RequestFigures } from './api/measure-requests.ts';
import { measureFanOut, openWatches } from './api/measure-watches.ts';

const help = `Usage: npm run bench:api -- [OPTIONS]

Measures the Kubernetes API of three agents on loopback, beside a bare server of Node that stores nothing.

  --quick         short rounds: a look, not a result
  --size N        agents (default 3)
  --watches N     for the memory of many watches (default 10000)
  --json          prints JSON
  --help          this
`;

/** The first leader makes some hundred objects that every cluster begins with. */
const settledMilliseconds = 45_000;
const mainFile = path.resolve(import.meta.dirname, '../main.ts');
const programFile = path.resolve(import.meta.dirname, '../../out/agent/trivet');
const base = '/api/v1/namespaces/bench/configmaps';
const namespaceText = JSON.stringify({ kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'bench' } });

interface Options {
  readonly quick: boolean;
  readonly size: number;
  readonly watches: number;
  readonly json: boolean;
}

interface Row {
  readonly name: string;
  readonly value: string;
  readonly floor?: string;
}

function readOptions(words: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...words],
    options: {
      quick: { type: 'boolean' },
      size: { type: 'string', default: '3' },
      watches: { type: 'string', default: '10000' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return null;
  const [size, watches] = [Number(values.size), Number(values.watches)];
  if (!Number.isInteger(size) || size < 1 || size > 7)
    throw new Error('--size: must be a whole number from 1 to 7');
  if (!Number.isInteger(watches) || watches < 1) throw new Error('--watches: must be a whole number from 1');
  return { quick: values.quick === true, size, watches, json: values.json === true };
}

async function run(options: Options, directory: string): Promise<Row[]> {
  const program = existsSync(programFile) ? programFile : undefined;
  const home = path.join(directory, 'home');
  const { publicKey } = provideOperatorKey(path.join(home, 'trivet'));
  const ports = await freePorts(2 * options.size);
  const addresses = ports.slice(0, options.size).map((port) => `127.0.0.1:${port}`);
  const nodes = addresses.map(
    (_, index) =>
      new TestNode(path.join(directory, `n${index + 1}`), {
        ...{
          port: ports[index] as number,
          apiPort: ports[options.size + index] as number,
          addresses,
          program,
        },
        ...{ expect: options.size, more: { operators: [{ name: 'bench', key: publicKey }], datastore: {} } },
      }),
  );
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const node of nodes) node.start();
  try {
    const first = nodes[0] as TestNode;
    await until(
      'all are members',
      async () => (await first.status()).nodes.length === options.size && (await first.status()).revision > 0,
    );
    say(`waiting ${settledMilliseconds / 1_000} s, until what the start left behind is collected`);
    await new Promise((resolve) => setTimeout(resolve, settledMilliseconds));
    const rows: Row[] = nodes.map((node, i) => ({
      name: `resident memory of node ${i + 1}, idle`,
      value: memoryOf(node),
    }));
    const target = await targetOf(first, home);
    const floor = await startBareServer(target);
    try {
      rows.push(...(await measureAll({ options, target, floor: floor.target, first, say })));
    } finally {
      floor.stop();
    }
    return rows;
  } finally {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  }
}

interface Measuring {
  readonly options: Options;
  readonly target: ApiTarget;
  readonly floor: ApiTarget;
  readonly first: TestNode;
  readonly say: (line: string) => void;
}

async function measureAll({ options, target, floor, first, say }: Measuring): Promise<Row[]> {
  const rows: Row[] = [];
  const milliseconds = options.quick ? 2_000 : 8_000;
  const api = new ApiConnection(target);
  const bare = new ApiConnection(floor);
  let made = 0;
  const add = (name: string, ours: RequestFigures, theirs: RequestFigures | null): void => {
    const row = { name, value: format(ours), ...(theirs === null ? {} : { floor: format(theirs) }) };
    rows.push(row);
    say(`${name}: ${row.value}${theirs === null ? '' : ` (bare: ${format(theirs)})`}`);
  };
  const create = () => ({ method: 'POST', path: base, body: configMap(`c${made++}`) });
  const pretend = (number: number) => ({ method: 'POST', path: base, body: configMap(`c${number}`) });
  await ask(api, { method: 'POST', path: '/api/v1/namespaces', body: Buffer.from(namespaceText) });
  for (const inFlight of [1, 32]) {
    const ours = await measureRequests(api, inFlight, milliseconds, create);
    add(`create, ${inFlight} in flight`, ours, await measureRequests(bare, inFlight, milliseconds, pretend));
  }
  for (const inFlight of [1, 32]) {
    const get = () => ({ method: 'GET', path: `${base}/c1` });
    const ours = await measureRequests(api, inFlight, milliseconds, get);
    add(`get, ${inFlight} in flight`, ours, await measureRequests(bare, inFlight, milliseconds, get));
  }
  const update = (number: number) => ({
    method: 'PUT',
    path: `${base}/c${number % 32}`,
    body: configMap(`c${number % 32}`, number),
  });
  add('update, 1 in flight', await measureRequests(api, 1, milliseconds, update), null);
  while (made < 5_000) await Promise.all(Array.from({ length: 32 }, () => ask(api, create())));
  rows.push({ name: `resident memory with ${made.toLocaleString('en')} objects`, value: memoryOf(first) });
  const list = () => ({ method: 'GET', path: `${base}?limit=5000` });
  add('list of 5,000 objects', await measureRequests(api, 1, milliseconds, list), null);
  rows.push(...(await measureWatching({ options, target, api, say })));
  const asleep = await openWatches(
    target,
    options.watches,
    `${base}?watch=1&resourceVersion=${await newest(api)}`,
  );
  rows.push({
    name: `resident memory with ${options.watches.toLocaleString('en')} watches`,
    value: memoryOf(first),
  });
  asleep.close();
  api.close();
  bare.close();
  return rows;
}

async function measureWatching({
  options,
  target,
  api,
  say,
}: Pick<Measuring, 'options' | 'target' | 'say'> & { readonly api: ApiConnection }): Promise<Row[]> {
  const rows: Row[] = [];
  for (const count of [50, 1_000]) {
    const watches = await openWatches(target, count, `${base}?watch=1&resourceVersion=${await newest(api)}`);
    const write = async (round: number): Promise<void> => {
      await ask(api, { method: 'PUT', path: `${base}/c1`, body: configMap('c1', 1_000_000 + round + count) });
    };
    const { median, p99 } = await measureFanOut(watches, count, options.quick ? 10 : 50, write);
    const value = `${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
    rows.push({ name: `a change to ${count.toLocaleString('en')} watchers`, value });
    say(`${rows.at(-1)?.name}: ${value}`);
    watches.close();
  }
  return rows;
}

async function newest(api: ApiConnection): Promise<string> {
  const { body } = await ask(api, { method: 'GET', path: `${base}?limit=1` });
  return (JSON.parse(body.toString()) as { metadata: { resourceVersion: string } }).metadata.resourceVersion;
}

async function ask(api: ApiConnection, request: { method: string; path: string; body?: Uint8Array }) {
  const reply = await api.ask(request.method, request.path, request.body);
  if (reply.code >= 300)
    throw new Error(
      `${request.method} ${request.path}: ${reply.code} ${reply.body.toString().slice(0, 300)}`,
    );
  return reply;
}

/** About a kilobyte, as most objects. */
function configMap(name: string, number = 0): Buffer {
  const data = { number: String(number), text: 'x'.repeat(700) };
  return Buffer.from(
    JSON.stringify({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, namespace: 'bench', labels: { app: 'bench' } },
      data,
    }),
  );
}

function format({ perSecond, median, p99 }: RequestFigures): string {
  return `${Math.round(perSecond).toLocaleString('en')} per second, median ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}

function memoryOf(node: TestNode): string {
  const status = readFileSync(`/proc/${node.pid}/status`, 'utf8');
  const of = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return `${of('VmRSS').toFixed(0)} MB, ${of('RssAnon').toFixed(0)} MB of them its own`;
}

async function targetOf(node: TestNode, home: string): Promise<ApiTarget> {
  const words = ['kubeconfig', '--server', node.address, '--api-port', String(node.apiPort)];
  const env = { PATH: process.env.PATH, HOME: home, XDG_CONFIG_HOME: home };
  const child = spawn(process.execPath, [mainFile, ...words], {
    env,
    cwd: home,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (piece: Buffer) => (text += piece.toString()));
  await new Promise((resolve) => child.once('close', resolve));
  const config = parse(text);
  const decode = (field: string): string => Buffer.from(field, 'base64').toString();
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  return {
    port: node.apiPort,
    ca: decode(cluster['certificate-authority-data']),
    certificate: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  };
}

/** With the operator's certificate for its own: nobody looks at it. */
async function startBareServer({
  certificate,
  key,
  ca,
}: ApiTarget): Promise<{ target: ApiTarget; stop: () => void }> {
  const file = path.resolve(import.meta.dirname, 'api/bare-server.ts');
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const child = spawn(process.execPath, [file, encode(String(key)), encode(certificate)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (piece: Buffer) => resolve(Number(piece.toString()))),
  );
  return { target: { port, ca, certificate, key }, stop: () => void child.kill() };
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(help);
    return;
  }
  const directory = mkdtempSync(path.join(os.tmpdir(), 'trivet-bench-'));
  try {
    const rows = await run(options, directory);
    if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    else {
      const width = Math.max(...rows.map(({ name }) => name.length));
      for (const { name, value, floor } of rows) {
        process.stdout.write(
          `${name.padEnd(width)}  ${value}${floor === undefined ? '' : `   [bare server: ${floor}]`}\n`,
        );
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`bench:api: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
