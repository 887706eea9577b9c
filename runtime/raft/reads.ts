/**
 * Linearizable reads (section 6.4): the leader notes its commit index, proves with a round of heartbeats that
 * it still leads, and then the read may be served once that index is applied. All reads that arrive while a
 * round is under way share the next one. A follower forwards its reads and gives them up when the leader
 * changes or does not answer. No clock is trusted: there are no lease reads.
 */
import { votingMembers } from './configuration.ts';
import { type RaftNode, type ReadState, send, type WaitingRead } from './node.ts';
import { hasQuorum } from './quorum.ts';
import type { LogIndex, NodeId, ReadIndexRequest, ReadIndexResponse } from './types.ts';
import { lowerIndex } from './units.ts';

/** More reads than this at once are answered "ask again", so that a flood cannot fill the memory. */
const MOST_WAITING_READS = 65_536;

export function emptyReads(): ReadState {
  return { round: 0, running: null, queued: [], forwarded: new Map() };
}

/** A read asked on this node. */
export function requestRead(node: RaftNode, context: string): void {
  if (node.role === 'leader') {
    queueRead(node, { from: node.id, context });
  } else if (node.leader !== null && node.reads.forwarded.size < MOST_WAITING_READS) {
    node.reads.forwarded.set(context, 0);
    send(node, node.leader, { type: 'readIndexRequest', term: node.term, context });
  } else {
    node.outbox.reads.push({ context, index: null });
  }
}

/** A read forwarded by a follower. */
export function onReadIndexRequest(node: RaftNode, message: ReadIndexRequest): void {
  const read = { from: message.from, context: message.context };
  if (node.role === 'leader') queueRead(node, read);
  else answer(node, read, null);
}

/** The leader's answer to a forwarded read. */
export function onReadIndexResponse(node: RaftNode, message: ReadIndexResponse): void {
  if (message.from !== node.leader || !node.reads.forwarded.delete(message.context)) return;
  node.outbox.reads.push({ context: message.context, index: message.index });
}

/** Starts a round when reads wait, none is under way, and the leader knows what is committed. */
export function startReadRound(node: RaftNode): void {
  const { reads } = node;
  // A configuration with fewer voters may have made the answers so far sufficient.
  finishReadRound(node);
  if (reads.queued.length === 0 || reads.running !== null || !hasCommittedInTerm(node)) return;
  reads.round++;
  reads.running = { index: node.log.commit, reads: reads.queued };
  reads.queued = [];
  for (const id of votingMembers(node.log.configuration)) sendHeartbeat(node, id);
  finishReadRound(node);
}

/** Answers the reads of the running round when a quorum has confirmed it. */
export function finishReadRound(node: RaftNode): void {
  const { reads } = node;
  if (reads.running === null) return;
  const confirmed = (id: NodeId) => id === node.id || (node.progress.get(id)?.readRound ?? 0) >= reads.round;
  if (!hasQuorum(node.log.configuration, confirmed)) return;
  const { index, reads: answered } = reads.running;
  reads.running = null;
  for (const read of answered) answer(node, read, index);
}

/**
 * Before its first own commit a leader's commit index may lag behind what its predecessor acknowledged, so
 * reads and configuration changes wait for it (sections 4.1 and 6.4).
 */
export function hasCommittedInTerm(node: RaftNode): boolean {
  return node.log.termAt(node.log.commit) === node.term;
}

export function sendHeartbeat(node: RaftNode, to: NodeId): void {
  const progress = node.progress.get(to);
  if (progress === undefined) return;
  const { match, session } = progress;
  // Only what this follower is known to hold: a commit index says nothing about other entries at that place.
  const commit = lowerIndex(match, node.log.commit);
  send(node, to, { type: 'heartbeat', term: node.term, session, commit, readRound: node.reads.round });
}

/** Gives up all reads: the node no longer leads, or no longer follows the leader it asked. */
export function failReads(node: RaftNode): void {
  const { reads } = node;
  const waiting = [...(reads.running?.reads ?? []), ...reads.queued];
  for (const read of waiting) answer(node, read, null);
  for (const context of reads.forwarded.keys()) node.outbox.reads.push({ context, index: null });
  node.reads = { ...emptyReads(), round: reads.round };
}

/** Gives up forwarded reads that the leader has left unanswered for an election timeout. */
export function tickForwardedReads(node: RaftNode): void {
  for (const [context, ticks] of node.reads.forwarded) {
    if (ticks + 1 < node.electionTicks) {
      node.reads.forwarded.set(context, ticks + 1);
      continue;
    }
    node.reads.forwarded.delete(context);
    node.outbox.reads.push({ context, index: null });
  }
}

function queueRead(node: RaftNode, read: WaitingRead): void {
  if (node.reads.queued.length < MOST_WAITING_READS) node.reads.queued.push(read);
  else answer(node, read, null);
}

function answer(node: RaftNode, read: WaitingRead, index: LogIndex | null): void {
  if (read.from === node.id) {
    node.outbox.reads.push({ context: read.context, index });
    return;
  }
  send(node, read.from, { type: 'readIndexResponse', term: node.term, context: read.context, index });
}
