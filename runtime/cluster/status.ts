/** The cluster's status as a pure function of what the answering node knows. */
import type { ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import type { NodeId } from '../raft/types.ts';

export interface StatusObservation {
  readonly clusterName: string;
  readonly clusterId: string;
  readonly self: { readonly id: string; readonly name: string };
  readonly leader: NodeId | null;
  readonly revision: number;
  readonly nodes: readonly NodeStatus[];
  readonly targets: { readonly voters: number };
  readonly time: number | null;
  readonly warnings: readonly string[];
}

/** As the leader sees it. */
export function composeStatus(observation: StatusObservation): ClusterStatus {
  const voters = observation.nodes.filter((node) => node.role === 'voter');
  const online = voters.filter((node) => node.online);
  const quorum = Math.floor(voters.length / 2) + 1;
  const survives = Math.max(0, online.length - quorum);
  const highAvailability = observation.leader !== null && survives > 0;
  return {
    clusterName: observation.clusterName,
    clusterId: observation.clusterId,
    highAvailability,
    survives,
    reason: highAvailability ? null : explain(observation, voters, online, quorum),
    leader: observation.leader,
    revision: observation.revision,
    nodes: observation.nodes,
    self: { id: observation.self.id, name: observation.self.name, state: 'member' },
    time: observation.time,
    warnings: observation.warnings,
  };
}

/** On a machine that is no member yet. */
export function composeBlankStatus(
  clusterName: string,
  self: { readonly id: string; readonly name: string },
  reason: string,
  warnings: readonly string[],
): ClusterStatus {
  return {
    clusterName,
    clusterId: null,
    highAvailability: false,
    survives: 0,
    reason,
    leader: null,
    revision: 0,
    nodes: [],
    // Named one by one: what is passed here may know more of itself than anybody should.
    self: { id: self.id, name: self.name, state: 'blank' },
    warnings,
  };
}

/** On a node that its cluster refuses: what it still knows is of before that. */
export function fencedStatus(own: ClusterStatus, state: 'removed' | 'copy', reason: string): ClusterStatus {
  return {
    ...own,
    ...{ highAvailability: false, survives: 0, reason, leader: null },
    self: { ...own.self, state },
  };
}

function explain(
  { nodes, targets, leader }: StatusObservation,
  voters: readonly NodeStatus[],
  online: readonly NodeStatus[],
  quorum: number,
): string {
  const offline = voters.filter((node) => !node.online).map((node) => node.name);
  if (leader === null) return explainNoLeader(voters.length, online.length, quorum, offline);
  if (offline.length > 0) {
    return `${offline.join(', ')} ${offline.length === 1 ? 'is' : 'are'} offline and no standby can take the seat: the cluster works, but does not survive another loss. Switch ${offline.length === 1 ? 'it' : 'them'} on again, or add a node.`;
  }
  if (nodes.length < targets.voters) {
    const missing = targets.voters - nodes.length;
    const why =
      nodes.length === 2
        ? ' With two nodes only one votes, because two would stop at the loss of either.'
        : '';
    return `${nodes.length} of ${targets.voters} nodes are members: add ${missing} more.${why}`;
  }
  const waiting = nodes.filter((node) => node.role !== 'voter' && !node.online).map((node) => node.name);
  if (waiting.length > 0) {
    return `New nodes have not been heard of yet: ${waiting.join(', ')}. They vote when they have caught up; switch on those that are off.`;
  }
  return 'New nodes are catching up before they vote; this passes by itself.';
}

function explainNoLeader(voters: number, online: number, quorum: number, offline: readonly string[]): string {
  if (online >= quorum) return 'A leader is being elected; this passes by itself.';
  const who = offline.length > 0 ? ` Switch on: ${offline.join(', ')}.` : '';
  return `No leader: ${online} of ${voters} voters can be reached, ${quorum} are needed. Nothing can be written or read until then.${who}`;
}
