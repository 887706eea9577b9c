/** Agents as a device runs them, with the defaults of their configuration, found over loopback. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../admin/protocol.ts';
import { freePorts, TestNode } from '../agent/testing/test-cluster.ts';
import { type Subject, statusOf } from './subject.ts';

export interface TrivetSubject extends Subject {
  readonly nodes: readonly TestNode[];
  /** Of the peer ports, in the order of the nodes. */
  readonly addresses: readonly string[];
  /** As an agent that answers sees the cluster. */
  clusterStatus(): Promise<ClusterStatus>;
}

const startLimitMilliseconds = 60_000;

export async function startTrivetSubject(
  directory: string,
  size: number,
  program: string | undefined,
): Promise<TrivetSubject> {
  const ports = await freePorts(size);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  const sockets = ports.map((_, index) => path.join(directory, `n${index + 1}`, 'etcd.sock'));
  const nodes = ports.map(
    (port, index) =>
      new TestNode(path.join(directory, `n${index + 1}`), {
        port,
        addresses,
        expect: size,
        program,
        more: { datastore: { etcdApi: { socket: sockets[index] } } },
      }),
  );
  const members = nodes.map((node, index) => ({
    endpoint: `unix:${sockets[index]}`,
    pid: () => node.pid,
    start: async () => node.start(),
  }));
  const clusterStatus = async (): Promise<ClusterStatus> => {
    for (const node of nodes) {
      const status = node.running ? await node.status().catch(() => null) : null;
      if (status !== null) return status;
    }
    throw new Error('no agent answers');
  };
  const close = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  };
  const subject: TrivetSubject = { name: 'trivet', members, nodes, addresses, clusterStatus, close };
  for (const node of nodes) node.start();
  try {
    await untilFormed(subject);
  } catch (error) {
    await close();
    const output = nodes.map((node) => node.output.slice(-2_000)).join('\n');
    throw new Error(`${String(error)}\n${output}`);
  }
  return subject;
}

async function untilFormed(subject: TrivetSubject): Promise<void> {
  const deadline = performance.now() + startLimitMilliseconds;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const status = await subject.clusterStatus();
      last = status.reason;
      if (status.highAvailability && status.nodes.length === subject.nodes.length) {
        for (const member of subject.members) await statusOf(member);
        return;
      }
    } catch (error) {
      last = error;
    }
    await sleep(100);
  }
  throw new Error(`the agents did not form a cluster with etcd's API within 60 s: ${String(last)}`);
}
