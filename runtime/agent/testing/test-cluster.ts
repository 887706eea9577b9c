/** Real agent processes on loopback for tests: started, killed, partitioned from nobody, asked over their sockets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { askAgent } from '../../admin/client.ts';
import type { ClusterStatus, NodeInfo } from '../../admin/protocol.ts';

const mainFile = path.resolve(import.meta.dirname, '../../main.ts');
const unitFile = path.resolve(import.meta.dirname, '../../../image/units/system/trivet.service');
/** Unless a test gives its own. */
const timing = { heartbeatMilliseconds: 50, electionMilliseconds: 500 };
const waitLimitMilliseconds = 60_000;

export interface TestNodeOptions {
  readonly port: number;
  /** Of the Kubernetes API, which is not served where there is none: it takes a while to load from its sources. */
  readonly apiPort?: number | undefined;
  readonly addresses: readonly string[];
  readonly secret?: string;
  readonly expect?: number;
  /** In place of the usual cluster section; asked when the node starts. */
  readonly cluster?: () => Record<string, unknown> | undefined;
  /** What stands on the boot partition, in place of the cluster section. */
  readonly boot?: string | undefined;
  readonly more?: Record<string, unknown>;
  /** Of the `api` section. */
  readonly moreApi?: Record<string, unknown>;
  readonly environment?: Record<string, string>;
  /** The device's executable; the sources, run by this Node, when absent. */
  readonly program?: string | undefined;
}

export class TestNode {
  readonly directory: string;
  readonly #options: TestNodeOptions;
  #process: ChildProcess | null = null;
  #output = '';

  constructor(directory: string, options: TestNodeOptions) {
    this.directory = directory;
    this.#options = options;
    mkdirSync(directory, { recursive: true });
    if (options.boot !== undefined) writeFileSync(this.bootFile, options.boot);
  }

  get output(): string {
    return this.#output;
  }

  get socket(): string {
    return path.join(this.directory, 'admin.sock');
  }

  /** In place of `trivet.yaml` on the boot partition. */
  get bootFile(): string {
    return path.join(this.directory, 'trivet.yaml');
  }

  /** Where the node speaks etcd's API. */
  get etcdSocket(): string {
    return path.join(this.directory, 'etcd.sock');
  }

  /** Where it listens for peers. */
  get address(): string {
    return `127.0.0.1:${this.#options.port}`;
  }

  /** Where it serves the Kubernetes API. */
  get apiPort(): number {
    return this.#options.apiPort ?? 0;
  }

  get dataDirectory(): string {
    return path.join(this.directory, 'data');
  }

  get running(): boolean {
    return this.#process !== null;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  start(): void {
    const configFile = path.join(this.directory, 'config.json');
    writeFileSync(configFile, JSON.stringify(this.#config(), null, 2));
    const { program } = this.#options;
    const start = program === undefined ? [process.execPath, mainFile] : [program];
    const child = spawn(
      start[0]!,
      [...start.slice(1), 'agent', '--config', configFile, '--over', this.bootFile],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...unitEnvironment(), ...process.env, ...this.#options.environment },
      },
    );
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('exit', () => {
      if (this.#process === child) this.#process = null;
    });
    this.#process = child;
  }

  /** Ends the process by a signal and waits until it is gone. */
  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
    this.#process = null;
  }

  /** Waits for the process to end by itself; its exit code. */
  async ended(): Promise<number | null> {
    const child = this.#process;
    if (child === null) return null;
    return new Promise((resolve) => child.once('exit', resolve));
  }

  async request(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    return askAgent(this.socket, method, params, { timeoutMilliseconds: 20_000 });
  }

  async status(): Promise<ClusterStatus> {
    return (await this.request('status')) as ClusterStatus;
  }

  async info(): Promise<NodeInfo> {
    return (await this.request('node.info')) as NodeInfo;
  }

  async put(key: string, value: string): Promise<number> {
    return ((await this.request('kv.put', { key, value })) as { revision: number }).revision;
  }

  async get(key: string): Promise<string | null> {
    const { items } = (await this.request('kv.get', { key })) as { items: { value: string }[] };
    return items[0]?.value ?? null;
  }

  #config(): Record<string, unknown> {
    const { port, addresses, secret, expect, cluster, boot, more } = this.#options;
    const usual = { name: 'test', secret: secret ?? 'a secret for tests, long enough', expect: expect ?? 3 };
    return {
      ...(boot === undefined ? { cluster: cluster?.() ?? usual } : {}),
      discovery: { mdns: false, addresses },
      peers: { address: '127.0.0.1', port },
      api: {
        ...{ enabled: this.#options.apiPort !== undefined, address: '127.0.0.1', port: this.apiPort },
        ...this.#options.moreApi,
      },
      admin: { socket: this.socket },
      dataDirectory: this.dataDirectory,
      ...more,
      datastore: {
        ...((more?.datastore as object | undefined) ?? timing),
        etcdApi: { socket: this.etcdSocket },
      },
    };
  }
}

export interface TestClusterOptions
  extends Partial<Pick<TestNodeOptions, 'expect' | 'more' | 'moreApi' | 'environment'>> {
  readonly size: number;
  /** They serve the Kubernetes API. */
  readonly api?: true;
  /** By how many milliseconds the clock of one node is ahead, by its place. */
  readonly clockShiftOf?: (index: number) => number;
  /** Settings of one node, by its place. */
  readonly moreOf?: (index: number) => Record<string, unknown>;
  /** The cluster section of one node, by its place, when it starts. */
  readonly clusterOf?: (index: number) => Record<string, unknown> | undefined;
  /** What stands on the boot partition of one node, by its place. */
  readonly bootOf?: (index: number) => string | undefined;
  /** The executable of one node, by its place. */
  readonly programOf?: (index: number) => string | undefined;
}

/** Makes nodes that know each other's addresses; they are killed and removed when the test ends. None is started. */
export async function makeNodes(
  t: Test,
  { size, api, moreOf, clockShiftOf, clusterOf, bootOf, programOf, ...options }: TestClusterOptions,
): Promise<TestNode[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  const free = await freePorts(2 * size);
  const [ports, apiPorts] = [free.slice(0, size), free.slice(size)];
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const nodes = ports.map(
    (port, i) =>
      new TestNode(path.join(directory, `n${i + 1}`), {
        ...{
          port,
          apiPort: api ? apiPorts[i] : undefined,
          addresses,
          ...options,
          program: programOf?.(i),
          boot: bootOf?.(i),
        },
        ...(clockShiftOf ? { environment: shiftedClock(clockShiftOf(i)) } : {}),
        ...(clusterOf ? { cluster: () => clusterOf(i) } : {}),
        ...(moreOf ? { more: { ...options.more, ...moreOf(i) } } : {}),
      }),
  );
  t.teardown(async () => {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
    if (t.passing()) rmSync(directory, { recursive: true, force: true });
    else for (const node of nodes) t.comment(`${node.directory}:\n${node.output}`);
  });
  return nodes;
}

function shiftedClock(milliseconds: number): Record<string, string> {
  const file = path.join(import.meta.dirname, 'shifted-clock.cjs');
  const { NODE_OPTIONS = '' } = unitEnvironment();
  return {
    NODE_OPTIONS: `${NODE_OPTIONS} --require=${file}`,
    TRIVET_TEST_CLOCK_SHIFT: String(milliseconds),
  };
}

/** What the device's unit sets for memory and threads: agents of tests and benchmarks run with the same. */
function unitEnvironment(): Record<string, string> {
  const lines = readFileSync(unitFile, 'utf8').matchAll(
    /^Environment="?((?:NODE_OPTIONS|MALLOC_\w+)=[^"\n]*)/gm,
  );
  return Object.fromEntries([...lines].map(([, text = '']) => text.split(/=(.*)/).slice(0, 2)));
}

/** Waits until a condition holds, and says what it waited for when it does not come. */
export async function until<Result>(
  what: string,
  condition: () => Promise<Result | null | false>,
): Promise<Result> {
  const deadline = performance.now() + waitLimitMilliseconds;
  let last: unknown = null;
  while (performance.now() < deadline) {
    try {
      const result = await condition();
      if (result !== null && result !== false) return result;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited in vain until ${what}${last ? `; last: ${String(last)}` : ''}`);
}

/** Waits until a node that runs says that the cluster is highly available. */
export function untilHighlyAvailable(nodes: readonly TestNode[]): Promise<ClusterStatus> {
  return until('the cluster is highly available', async () => {
    const status = await nodes.find((node) => node.running)?.status();
    return status?.highAvailability ? status : null;
  });
}

/**
 * Ports that were free a moment ago, and that nobody else takes: below those that the kernel gives to connections, and each
 * process of tests has a hundred of its own. Nodes that are not started yet are known by theirs, and an agent of another test
 * there would be taken for one of them.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries === 2 * portsForProcess) throw new Error(`no ${count} ports are free`);
    const port = firstPort + (process.pid % 180) * portsForProcess + (nextPort % portsForProcess);
    nextPort += 1;
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

const firstPort = 12_000;
const portsForProcess = 100;
let nextPort = 0;

function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
