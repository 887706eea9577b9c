/**
 * Leadership transfer (section 3.10): the leader stops taking proposals, brings the target up to its own log,
 * and tells it to stand for election at once. It gives up after an election timeout and leads on.
 */
import { type RaftNode, send } from './node.ts';
import type { NodeId, ProposalOutcome } from './types.ts';

export function transferLeadership(node: RaftNode, to: NodeId): ProposalOutcome {
  const { transfer } = node;
  if (node.role !== 'leader') return { kind: 'notLeader', leader: node.leader };
  if (!node.log.configuration.voters.includes(to))
    return { kind: 'busy', reason: `node ${to} is not a voter` };
  if (transfer !== null && transfer.to !== to) {
    return { kind: 'busy', reason: `leadership is being handed over to ${transfer.to}` };
  }
  if (to !== node.id) node.transfer ??= { to, elapsed: 0, asked: false };
  return { kind: 'accepted', index: node.log.lastIndex, term: node.term };
}

/** Tells the target to go ahead, once it has everything. */
export function completeTransfer(node: RaftNode): void {
  const { transfer } = node;
  if (transfer === null || transfer.asked) return;
  if (node.progress.get(transfer.to)?.match !== node.log.lastIndex) return;
  transfer.asked = true;
  send(node, transfer.to, { type: 'timeoutNow', term: node.term });
}

export function tickTransfer(node: RaftNode): void {
  if (node.transfer !== null && ++node.transfer.elapsed >= node.electionTicks) node.transfer = null;
}
