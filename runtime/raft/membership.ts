/**
 * Membership changes (chapter 4). One at a time; not before the leader has committed in its own term (the bug
 * found in 2015 in single-server changes); a learner becomes a voter only when it has caught up (section
 * 4.2.1); a joint configuration is left as soon as it is committed (section 4.3); a leader that is no voter
 * any more steps down once that is committed (section 4.2.2).
 */
import { configurationFault, isJoint, leaveJoint, transitionTo } from './configuration.ts';
import type { RaftNode } from './node.ts';
import { accepted, appendConfiguration, refuseProposal } from './proposals.ts';
import { hasCommittedInTerm } from './reads.ts';
import type { NodeId, ProposalOutcome } from './types.ts';

/** A learner counts as caught up when it is at most this many entries behind what is committed. */
const PROMOTION_LAG_ENTRIES = 128;

export interface MembershipTarget {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

export function proposeConfiguration(node: RaftNode, target: MembershipTarget): ProposalOutcome {
  const refusal = refuseProposal(node);
  if (refusal !== null) return refusal;
  const reason = whyNotChange(node, target);
  if (reason !== null) return { kind: 'busy', reason };
  return accepted(appendConfiguration(node, transitionTo(node.log.configuration, target)));
}

/** Whether a change is under way: its entry is not committed, or the configuration is still joint. */
export function isChanging(node: RaftNode): boolean {
  return node.log.configurationIndex > node.log.commit || isJoint(node.log.configuration);
}

/** The leader's next step after the commit index has moved: end a joint configuration. */
export function leaveCommittedJoint(node: RaftNode): void {
  const { log } = node;
  if (!isJoint(log.configuration) || log.configurationIndex > log.commit || !hasCommittedInTerm(node)) return;
  appendConfiguration(node, leaveJoint(log.configuration));
}

/** Whether the leader has to go, as a configuration in which it is no voter is committed. */
export function isLeaderRemoved(node: RaftNode): boolean {
  return !isChanging(node) && !node.log.configuration.voters.includes(node.id);
}

function whyNotChange(node: RaftNode, target: MembershipTarget): string | null {
  const fault = configurationFault({ ...target, outgoing: [] }, false);
  if (fault !== null) return `the configuration asked for is wrong: ${fault}`;
  if (isChanging(node)) return 'another configuration change is under way';
  if (!hasCommittedInTerm(node)) return 'the leader has not yet committed an entry of its term';
  const { voters } = node.log.configuration;
  const late = target.voters.find((id) => !voters.includes(id) && !hasCaughtUp(node, id));
  return late === undefined ? null : `node ${late} is not a learner that has caught up`;
}

function hasCaughtUp(node: RaftNode, id: NodeId): boolean {
  const progress = node.progress.get(id);
  return (
    progress !== undefined &&
    progress.state === 'replicate' &&
    progress.silentTicks < node.electionTicks &&
    progress.match + PROMOTION_LAG_ENTRIES >= node.log.commit
  );
}
