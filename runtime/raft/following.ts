/**
 * A follower's side of replication (section 3.5): checking that the leader's entries continue the own log,
 * replacing what contradicts them, moving the commit index, taking a snapshot. Answers that promise something
 * wait for the disk.
 */
import { lowerPending, type RaftNode, replaceTail, send, sendAfterPersist } from './node.ts';
import type { AppendRequest, Entry, Heartbeat, InstallSnapshot, LogIndex } from './types.ts';
import { lowerIndex, toIndex } from './units.ts';

export function onAppendRequest(node: RaftNode, message: AppendRequest): void {
  const { log } = node;
  if (message.previousIndex < log.commit) {
    // Late, or the leader knows less than we do: what is committed agrees with every leader's log.
    accept(node, message, log.commit);
    return;
  }
  if (log.termAt(message.previousIndex) !== message.previousTerm) {
    reject(node, message);
    return;
  }
  const fresh = withoutKnown(node, message.entries);
  // Nobody may take back what is committed; who tries is broken.
  if (fresh[0] !== undefined && fresh[0].index <= log.commit) return;
  replaceTail(node, fresh);
  if (node.verified > log.lastIndex) node.verified = log.lastIndex;
  const last = toIndex(message.previousIndex + message.entries.length);
  accept(node, message, last);
  advanceCommitTo(node, message.commit);
}

export function onHeartbeat(node: RaftNode, message: Heartbeat): void {
  advanceCommitTo(node, message.commit);
  const { session, readRound } = message;
  send(node, message.from, { type: 'heartbeatResponse', term: node.term, session, readRound });
}

/** The driver has the snapshot's bytes already: put it in the log's place, unless the log has all of it. */
export function onInstallSnapshot(node: RaftNode, message: InstallSnapshot): void {
  const { snapshot } = message;
  const { log } = node;
  if (snapshot.index > log.commit && log.termAt(snapshot.index) === snapshot.term) {
    verifyUpTo(node, snapshot.index);
    advanceCommitTo(node, snapshot.index);
  } else if (snapshot.index > log.commit) {
    lowerPending(node, log.commit);
    log.restore(snapshot);
    node.outbox.snapshot = snapshot;
    node.verified = snapshot.index;
  }
  accept(node, message, log.commit);
}

function accept(node: RaftNode, message: AppendRequest | InstallSnapshot, index: LogIndex): void {
  verifyUpTo(node, index);
  const { term } = node;
  const { session } = message;
  const answer = { type: 'appendResponse', term, session, accepted: true, index } as const;
  sendAfterPersist(node, message.from, { ...answer, hintIndex: index, hintTerm: term });
}

/** Says where the logs may still agree, so that the leader skips whole terms (section 3.5, end). */
function reject(node: RaftNode, message: AppendRequest): void {
  const { log, term } = node;
  const { session, previousIndex: index } = message;
  const hintIndex = log.lastWithTermAtMost(index, message.previousTerm);
  const hintTerm = log.termAt(hintIndex) ?? log.base.term;
  send(node, message.from, {
    type: 'appendResponse',
    term,
    session,
    accepted: false,
    index,
    hintIndex,
    hintTerm,
  });
}

/** The entries from the first one on that the log does not hold with the same term. */
function withoutKnown(node: RaftNode, entries: readonly Entry[]): readonly Entry[] {
  const first = entries.findIndex((entry) => node.log.termAt(entry.index) !== entry.term);
  return first === -1 ? [] : entries.slice(first);
}

function verifyUpTo(node: RaftNode, index: LogIndex): void {
  if (index > node.verified) node.verified = index;
}

/** Commits no further than the log is known to agree with the leader's. */
function advanceCommitTo(node: RaftNode, commit: LogIndex): void {
  const reached = lowerIndex(commit, node.verified);
  if (reached > node.log.commit) node.log.commit = reached;
}
