/** `trivet status`: the cluster in the words users of the reference know, or as JSON. */
import { type AdminClient, connectAdmin } from '../admin/client.ts';
import type { ClusterStatus, NodeRole, NodeStatus } from '../admin/protocol.ts';
import { CommandError } from './command-error.ts';
import { formatSystem } from './system-lines.ts';

export interface StatusOptions {
  readonly socket: string;
  readonly json: boolean;
  readonly waitHa: boolean;
  /** Seconds to wait with `waitHa`. */
  readonly timeout: number;
}

/** Prints the status. With `waitHa` it first waits until the cluster is highly available, and fails if it does not become so. */
export async function statusCommand(options: StatusOptions): Promise<void> {
  const client = await connectAdmin(options.socket);
  try {
    const status = options.waitHa ? await waitForHa(client, options.timeout) : await fetchStatus(client);
    process.stdout.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
    if (options.waitHa && !status.highAvailability) {
      throw new CommandError(
        `Not highly available after ${options.timeout} s: ${status.reason ?? 'no reason known'}`,
      );
    }
  } finally {
    client.close();
  }
}

async function fetchStatus(client: AdminClient): Promise<ClusterStatus> {
  return (await client.request('status')) as ClusterStatus;
}

async function waitForHa(client: AdminClient, seconds: number): Promise<ClusterStatus> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const status = await fetchStatus(client);
    if (status.highAvailability || performance.now() >= deadline) return status;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** The text form; every line of it is promised to scripts that cannot read JSON. */
export function formatStatus(status: ClusterStatus): string {
  const leader = status.nodes.find((node) => node.id === status.leader);
  const lines = [
    formatAvailability(status),
    `cluster:   ${status.clusterName}${status.clusterId ? ` (${status.clusterId})` : ''}`,
    `this node: ${status.self.name} (${status.self.id}), ${status.self.state}`,
    `leader:    ${leader ? `${leader.name}  ${leader.address}` : 'none'}`,
    `voters:    ${formatNodes(status, 'voter')}`,
    `standbys:  ${formatNodes(status, 'standby')}`,
    `spares:    ${formatNodes(status, 'spare')}`,
    ...(status.system ? formatSystem(status.system) : []),
    ...(status.reason ? [`reason:    ${status.reason}`] : []),
    ...status.warnings.map((warning) => `warning:   ${warning}`),
  ];
  return `${lines.join('\n')}\n`;
}

function formatAvailability(status: ClusterStatus): string {
  if (!status.highAvailability) return 'high-availability: no';
  const nodes = `${status.survives} node${status.survives === 1 ? '' : 's'}`;
  return `high-availability: yes            (survives the loss of ${nodes})`;
}

function formatNodes(status: ClusterStatus, role: NodeRole): string {
  const nodes = status.nodes.filter((node) => node.role === role);
  return nodes.length === 0 ? 'none' : nodes.map(formatNode).join(', ');
}

function formatNode(node: NodeStatus): string {
  const traits = [
    ...(node.failureDomain === null ? [] : [`domain ${node.failureDomain}`]),
    ...(node.weight === 0 ? [] : [`weight ${node.weight}`]),
  ];
  const state = `${node.name} ${node.online ? 'online' : 'offline'}`;
  return traits.length === 0 ? state : `${state} (${traits.join('; ')})`;
}
