/** Asking the agents inside the machines. */
import type { ClusterStatus, KeyValue, NodeInfo, NodeStatus } from '../../runtime/admin/protocol.ts';
import type { Machine } from '../machine/machine.ts';
import { waitUntil } from './wait.ts';

/** Under translation a guest may take seconds to answer. */
const statusLimitMilliseconds = 5_000;

/** Null while nobody answers inside. */
export async function askStatus(machine: Machine): Promise<ClusterStatus | null> {
  if (!machine.isRunning) return null;
  try {
    return (await machine.request('status', {}, statusLimitMilliseconds)) as ClusterStatus;
  } catch {
    return null;
  }
}

/** What a machine says of its cluster, as soon as it has time to answer. Rejects with `WaitError`. */
export function readStatus(machine: Machine, limitSeconds = 120): Promise<ClusterStatus> {
  const options = { what: `${machine.name} says how it is`, limitSeconds, report: () => machine.report() };
  return waitUntil(options, () => askStatus(machine));
}

export async function askInfo(machine: Machine): Promise<NodeInfo> {
  return (await machine.request('node.info')) as NodeInfo;
}

/** @returns the revision of the write. */
export async function putKey(machine: Machine, key: string, value: string): Promise<number> {
  return ((await machine.request('kv.put', { key, value }, 30_000)) as { revision: number }).revision;
}

export async function getKey(machine: Machine, key: string): Promise<string | null> {
  const { items } = (await machine.request('kv.get', { key }, 30_000)) as { items: KeyValue[] };
  return items[0]?.value ?? null;
}

export interface HaOptions {
  /** Default 1: any machine's word counts. */
  readonly voters?: number;
  readonly standbys?: number;
  readonly limitSeconds: number;
}

/**
 * Waits until every one of these machines says that the cluster is highly available, with so many voters and standbys
 * online. Rejects with `WaitError` and the consoles.
 */
export async function waitForHa(machines: readonly Machine[], options: HaOptions): Promise<ClusterStatus> {
  const { voters = 3, standbys = 0, limitSeconds } = options;
  let last: readonly (ClusterStatus | null)[] = [];
  const wanted = `${voters} voters and ${standbys} standbys are online and highly available`;
  return await waitUntil(
    {
      what: wanted,
      limitSeconds,
      report: () =>
        [...last.map((status) => JSON.stringify(status)), ...machines.map((m) => m.report())].join('\n'),
    },
    async () => {
      last = await Promise.all(machines.map(askStatus));
      const agreed = last.every(
        (status) =>
          status?.highAvailability &&
          onlineNodes(status, 'voter').length === voters &&
          onlineNodes(status, 'standby').length === standbys,
      );
      return agreed ? (last[0] ?? null) : null;
    },
  );
}

export function onlineNodes(status: ClusterStatus, role: NodeStatus['role']): readonly NodeStatus[] {
  return status.nodes.filter((node) => node.role === role && node.online);
}

/** The machine whose agent leads, as that agent's answer says who it is. */
export async function findLeader(machines: readonly Machine[], status: ClusterStatus): Promise<Machine> {
  return await waitUntil({ what: 'the leader is found among the machines', limitSeconds: 60 }, async () => {
    const answers = await Promise.all(machines.map(askStatus));
    const index = answers.findIndex((answer) => answer !== null && answer.self.id === status.leader);
    return machines[index] ?? null;
  });
}
