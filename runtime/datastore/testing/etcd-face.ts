/** The etcd v3 API over a real etcd, for the tests of the API: what differs from etcd is then the API's fault. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { realClock } from '../clock.ts';
import { EtcdStore } from '../etcd/etcd-store.ts';
import { startEtcdServer } from '../etcd/server.ts';
import { startEtcd } from './etcd-process.ts';

export const surroundings = { clock: realClock, random: Math.random };

export interface Face {
  readonly socket: string;
  /** As clients name the socket. */
  readonly endpoint: string;
  /** What lies behind. */
  readonly store: EtcdStore;
}

/** A directory whose name is short enough for sockets, gone with the test. */
export function shortDirectory(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'trivet-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function startFace(t: Test): Promise<Face> {
  const directory = shortDirectory(t);
  const cluster = await startEtcd(directory, 1);
  t.teardown(() => cluster.close());
  const store = new EtcdStore({ endpoints: cluster.endpoints, surroundings });
  t.teardown(() => store.close());
  const socket = path.join(directory, 'run/etcd.sock');
  const server = await startEtcdServer({ store, socket });
  t.teardown(() => server.close());
  return { socket, endpoint: `unix:${socket}`, store };
}
