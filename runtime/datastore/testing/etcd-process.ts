/** A real etcd cluster for a test: Debian's programs as processes on loopback, gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { referenceProgram } from './reference-program.ts';

export interface EtcdMember {
  readonly name: string;
  readonly endpoint: string;
  readonly dataDirectory: string;
  /** Null while it is stopped. */
  readonly process: () => ChildProcess | null;
  start(): Promise<void>;
  /** Resolves when the process is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

export interface EtcdCluster {
  readonly members: readonly EtcdMember[];
  readonly endpoints: readonly string[];
  close(): Promise<void>;
}

/** Starts `size` members and resolves when each takes connections. */
export async function startEtcd(
  directory: string,
  size: number,
  options: readonly string[] = [],
): Promise<EtcdCluster> {
  const ports = await freePorts(size * 2);
  const names = Array.from({ length: size }, (_, index) => `etcd${index}`);
  const peers = names.map((name, index) => `${name}=http://127.0.0.1:${ports[size + index]}`).join(',');
  const members = names.map((name, index) =>
    makeMember(name, ports[index]!, path.join(directory, name), [
      ...['--initial-advertise-peer-urls', `http://127.0.0.1:${ports[size + index]}`],
      ...['--listen-peer-urls', `http://127.0.0.1:${ports[size + index]}`],
      ...['--initial-cluster', peers, ...options],
    ]),
  );
  const close = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop('SIGKILL')));
  };
  try {
    await Promise.all(members.map((member) => member.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { members, endpoints: members.map((member) => member.endpoint), close };
}

function makeMember(
  name: string,
  port: number,
  dataDirectory: string,
  peerOptions: readonly string[],
): EtcdMember {
  let child: ChildProcess | null = null;
  let said = '';
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const scheme = peerOptions.includes('--cert-file') ? 'https' : 'http';
  const start = async (): Promise<void> => {
    const url = `${scheme}://127.0.0.1:${port}`;
    const started = spawn(
      referenceProgram('etcd'),
      [
        ...['--name', name, '--data-dir', dataDirectory, '--log-level', 'error'],
        ...['--listen-client-urls', url, '--advertise-client-urls', url, ...peerOptions],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child = started;
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    started.on('exit', () => {
      if (child === started) child = null;
    });
    await untilItListens(port, () => {
      if (child === null) throw new Error(`etcd ended at its start: ${said}`);
    });
  };
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const running = child;
    if (running === null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
  };
  return {
    name,
    endpoint: `${scheme}://127.0.0.1:${port}`,
    dataDirectory,
    process: () => child,
    start,
    stop,
  };
}

const startLimitMilliseconds = 30_000;

async function untilItListens(port: number, check: () => void): Promise<void> {
  const deadline = Date.now() + startLimitMilliseconds;
  while (!(await answers(port))) {
    check();
    if (Date.now() > deadline) throw new Error(`nothing listens on port ${port} after 30 s`);
    await sleep(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = createServer();
      return new Promise<typeof server>((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
