/** One node: an agent in its namespace, its data on a small file system of its own, and what can be done to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { connectAdmin } from '../admin/client.ts';
import type { ClusterStatus } from '../admin/protocol.ts';
import type { Network } from './network.ts';
import { mountMemory, unmount } from './sandbox.ts';

const mainFile = path.resolve(import.meta.dirname, '../main.ts');
const port = 7443;
const diskMebibytes = 128;
/** systemd waits as long before it kills. */
const stopLimitMilliseconds = 30_000;
const restartMilliseconds = 1_000;
const answerMilliseconds = 5_000;
const slowRunMilliseconds = 20;
const slowRestMilliseconds = 100;

export interface AgentSettings {
  /** The `discovery` section; the addresses of all nodes when absent. */
  readonly discovery?: Record<string, unknown>;
  /** Whether it serves the Kubernetes API. Default true. */
  readonly hasApi?: boolean;
}

export class AgentProcess {
  readonly index: number;
  readonly #network: Network;
  readonly #directory: string;
  readonly #settings: AgentSettings;
  #process: ChildProcess | null = null;
  #wanted = false;
  #closed = false;
  #slowing: NodeJS.Timeout | undefined;
  /** How often it ended although nobody asked it to. */
  ended = 0;

  constructor(index: number, directory: string, network: Network, settings: AgentSettings = {}) {
    this.index = index;
    this.#settings = settings;
    this.#network = network;
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    mountMemory(this.#disk, diskMebibytes);
  }

  get socket(): string {
    return path.join(this.#directory, 'admin.sock');
  }

  get logFile(): string {
    return path.join(this.#directory, 'agent.log');
  }

  start(): void {
    if (this.#process !== null || this.#closed) return;
    this.#wanted = true;
    const configFile = path.join(this.#directory, 'config.json');
    writeFileSync(configFile, JSON.stringify(this.#configuration(), null, 2));
    const [program = '', ...words] = this.#network.enter(this.index);
    const log = openSync(this.logFile, 'a');
    const child = spawn(program, [...words, process.execPath, mainFile, 'agent', '--config', configFile], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process = child;
    child.once('exit', (code, signal) => this.#exited(child, `${signal ?? code}`));
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Rejects when it does not stop in the time that systemd gives it. */
  async stop(): Promise<void> {
    const limit = setTimeout(() => void this.#end('SIGKILL'), stopLimitMilliseconds);
    const startedAt = performance.now();
    await this.#end('SIGTERM');
    clearTimeout(limit);
    if (performance.now() - startedAt >= stopLimitMilliseconds) {
      throw new Error(`node ${this.index} did not stop within ${stopLimitMilliseconds / 1000} s of SIGTERM`);
    }
  }

  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  /** Lets it run for a small part of the time only, as a machine does that is overloaded. */
  slowDown(): void {
    clearInterval(this.#slowing);
    this.#slowing = setInterval(() => {
      this.#process?.kill('SIGSTOP');
      setTimeout(() => this.#process?.kill('SIGCONT'), slowRestMilliseconds);
    }, slowRunMilliseconds + slowRestMilliseconds);
  }

  /** After a pause, or when it was slowed down. */
  goOn(): void {
    clearInterval(this.#slowing);
    this.#process?.kill('SIGCONT');
  }

  /** Leaves no space on the node's disk. */
  fillDisk(): void {
    const file = openSync(this.#filler, 'a');
    const block = Buffer.alloc(64 * 1024, 1);
    try {
      for (;;) writeSync(file, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  freeDisk(): void {
    rmSync(this.#filler, { force: true });
  }

  async request(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    const client = await connectAdmin(this.socket);
    try {
      return await client.request(method, params, { timeoutMilliseconds: answerMilliseconds });
    } finally {
      client.close();
    }
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async status(): Promise<ClusterStatus> {
    return (await this.request('status')) as ClusterStatus;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.kill();
    unmount(this.#disk);
  }

  get #disk(): string {
    return path.join(this.#directory, 'disk');
  }

  get #filler(): string {
    return path.join(this.#disk, 'filler');
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#wanted = false;
    clearInterval(this.#slowing);
    const child = this.#process;
    if (child === null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    // One that is paused would hear of it only later.
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }

  /** As systemd does, one that ends by itself is started again. */
  #exited(child: ChildProcess, how: string): void {
    if (this.#process === child) this.#process = null;
    appendFileSync(this.logFile, `--- ended: ${how}\n`);
    if (!this.#wanted || this.#closed) return;
    this.ended += 1;
    setTimeout(() => {
      if (this.#wanted) this.start();
    }, restartMilliseconds);
  }

  #configuration(): Record<string, unknown> {
    const { discovery, hasApi = true } = this.#settings;
    const addresses = Array.from(
      { length: this.#network.size },
      (_, i) => `${this.#network.address(i)}:${port}`,
    );
    return {
      cluster: { name: 'faults', secret: 'a secret for runs of faults', expect: 3 },
      node: { name: `node-${this.index}` },
      discovery: discovery ?? { mdns: false, addresses },
      peers: { address: '::', port },
      api: hasApi ? { port: 0 } : { enabled: false },
      admin: { socket: this.socket },
      datastore: { etcdApi: { socket: path.join(this.#directory, 'etcd.sock') } },
      dataDirectory: path.join(this.#disk, 'data'),
    };
  }
}
