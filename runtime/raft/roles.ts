/** The ways a node changes its role or learns who leads, and what of its state goes with the old role. */
import { type RaftNode, restartElectionTimer } from './node.ts';
import { failReads } from './reads.ts';
import type { NodeId, Term } from './types.ts';
import { NO_INDEX } from './units.ts';

/** Follows in a term, which may be the present one; `leader` is null while nobody is known to lead it. */
export function becomeFollower(node: RaftNode, term: Term, leader: NodeId | null): void {
  if (term !== node.term || node.role !== 'follower') restartElectionTimer(node);
  if (term !== node.term) {
    node.term = term;
    node.vote = null;
    node.verified = NO_INDEX;
  }
  node.role = 'follower';
  clearRole(node, leader);
  if (leader !== null) acknowledgeLeader(node, leader);
}

/** Stands for pre-election (section 9.6): nothing changes but the role until a quorum would vote for it. */
export function becomePreCandidate(node: RaftNode): void {
  node.role = 'preCandidate';
  clearRole(node, null);
  restartElectionTimer(node);
}

/** Stands for election in a new term, with its own vote. */
export function becomeCandidate(node: RaftNode, term: Term): void {
  node.term = term;
  node.vote = node.id;
  node.verified = NO_INDEX;
  node.role = 'candidate';
  clearRole(node, null);
  restartElectionTimer(node);
}

/**
 * Takes note of who leads this term. The vote goes on record for that leader even if it was not asked for: a
 * member that was removed, dropped its log and was added again could otherwise still help a second candidate
 * to win this very term, with a majority of other voters than those that elected the leader.
 */
function acknowledgeLeader(node: RaftNode, leader: NodeId): void {
  if (node.vote === null) node.vote = leader;
  node.electionElapsed = 0;
}

function clearRole(node: RaftNode, leader: NodeId | null): void {
  failReads(node);
  node.leader = leader;
  node.votes = new Map();
  node.progress = new Map();
  node.transfer = null;
  node.uncommittedBytes = 0;
}
