/**
 * Elections (sections 3.4 and 3.6.1) with pre-vote (9.6) and the rule that who hears a live leader takes no
 * part in them (4.2.3), so that neither a returning nor a removed node disturbs a working cluster.
 */
import { votingMembers } from './configuration.ts';
import { entryBytes } from './log.ts';
import {
  hasPromises,
  isPromotable,
  type RaftNode,
  restartElectionTimer,
  send,
  sendAfterPersist,
} from './node.ts';
import { appendEmpty, matchProgressToConfiguration } from './proposals.ts';
import { countVotes } from './quorum.ts';
import { becomeCandidate, becomeFollower, becomePreCandidate } from './roles.ts';
import type { NodeId, TimeoutNow, VoteRequest, VoteResponse } from './types.ts';
import { HIGHEST_NUMBER, toIndex, toTerm } from './units.ts';

/** An election timeout has passed without a leader. */
export function onElectionTimeout(node: RaftNode): void {
  if (!isPromotable(node) || node.term + 1 > HIGHEST_NUMBER) {
    becomeFollower(node, node.term, null);
    restartElectionTimer(node);
    return;
  }
  becomePreCandidate(node);
  askForVotes(node, true, false);
  takeVote(node, node.id, true);
}

/**
 * The connection by which a node's messages came has ended. If it was the leader, it is forgotten: this node then takes
 * part in an election, which is as safe as ever, and follows again at the leader's next message. False: it was another.
 */
export function onLostTouch(node: RaftNode, id: NodeId): boolean {
  if (node.role !== 'follower' || node.leader !== id) return false;
  becomeFollower(node, node.term, null);
  return true;
}

/** Stands without waiting for the timeout, if there is no leader to be heard. */
export function standIfLeaderless(node: RaftNode): void {
  if (node.role === 'follower' && node.leader === null) onElectionTimeout(node);
}

/** The leader hands over to this node: no pre-vote, as it knows that its leader agrees. */
export function onTimeoutNow(node: RaftNode, message: TimeoutNow): void {
  if (node.role !== 'follower' || message.from !== node.leader || !isPromotable(node)) return;
  campaign(node, true);
}

/** Whether a live leader is known, so that a request for votes is nobody's business. */
export function hearsLeader(node: RaftNode): boolean {
  return node.role === 'leader' || (node.leader !== null && node.electionElapsed < node.electionTicks);
}

/** Answers a request of this node's term, or of a later one that is only a pre-vote. */
export function onVoteRequest(node: RaftNode, message: VoteRequest): void {
  if (!hasPromises(node)) return;
  const { preVote, from } = message;
  // A vote is free if none is given; it is given again to whom it was given (its answer may have been lost).
  const free = preVote
    ? message.term > node.term
    : node.vote === from || (node.vote === null && node.leader === null);
  const granted = free && node.log.isUpToDate(message.lastIndex, message.lastTerm);
  if (preVote) {
    const term = granted ? message.term : node.term;
    send(node, from, { type: 'voteResponse', term, preVote, granted });
    return;
  }
  if (granted) {
    node.vote = from;
    node.electionElapsed = 0;
  }
  // The vote is on disk before the answer leaves, or a restart could vote twice.
  sendAfterPersist(node, from, { type: 'voteResponse', term: node.term, preVote, granted });
}

export function onVoteResponse(node: RaftNode, message: VoteResponse): void {
  const awaited = message.preVote ? 'preCandidate' : 'candidate';
  if (node.role !== awaited || !votingMembers(node.log.configuration).includes(message.from)) return;
  // A grant for another campaign than the present one counts for nothing.
  if (message.preVote && message.granted && message.term !== node.term + 1) return;
  takeVote(node, message.from, message.granted);
}

/** The node's own term and vote are on disk: now its vote for itself counts. */
export function onOwnVotePersisted(node: RaftNode): void {
  if (node.role === 'candidate' && node.vote === node.id) takeVote(node, node.id, true);
}

function takeVote(node: RaftNode, from: NodeId, granted: boolean): void {
  // The first answer stands: a node that answers twice must not change the count.
  if (!node.votes.has(from)) node.votes.set(from, granted);
  const result = countVotes(node.log.configuration, node.votes);
  if (result === 'pending') return;
  if (result === 'lost') becomeFollower(node, node.term, null);
  else if (node.role === 'preCandidate') campaign(node, false);
  else becomeLeader(node);
}

function campaign(node: RaftNode, transfer: boolean): void {
  becomeCandidate(node, toTerm(node.term + 1));
  askForVotes(node, false, transfer);
}

function askForVotes(node: RaftNode, preVote: boolean, transfer: boolean): void {
  const { lastIndex, lastTerm } = node.log;
  const term = preVote ? toTerm(node.term + 1) : node.term;
  const queue = preVote ? send : sendAfterPersist;
  for (const id of votingMembers(node.log.configuration)) {
    if (id !== node.id)
      queue(node, id, { type: 'voteRequest', term, preVote, lastIndex, lastTerm, transfer });
  }
}

function becomeLeader(node: RaftNode): void {
  node.role = 'leader';
  node.leader = node.id;
  node.votes = new Map();
  node.heartbeatElapsed = 0;
  node.electionElapsed = 0;
  const { log } = node;
  // After a restart more may have been applied than the log had noted as committed; a leader has all of that.
  if (log.applied > log.commit) log.commit = log.applied;
  const uncommitted = log.slice(toIndex(log.commit + 1), log.lastIndex, Number.POSITIVE_INFINITY);
  node.uncommittedBytes = uncommitted.reduce((sum, entry) => sum + entryBytes(entry), 0);
  matchProgressToConfiguration(node);
  // An entry of its own term lets the leader commit what its predecessors left (section 3.6.2).
  appendEmpty(node);
}
