/**
 * The leader's side of replication (section 3.5): what to send to whom, what the answers say, and what is
 * committed. Entries are sent before the leader's own disk has them (section 10.2.1), and the leader counts
 * itself only from when it does.
 */

import { entryBytes } from './log.ts';
import { isLeaderRemoved, leaveCommittedJoint } from './membership.ts';
import { type RaftNode, send } from './node.ts';
import type { FollowerProgress } from './progress.ts';
import { quorumIndex } from './quorum.ts';
import { finishReadRound, sendHeartbeat, startReadRound } from './reads.ts';
import { becomeFollower } from './roles.ts';
import { completeTransfer } from './transfer.ts';
import type { AppendResponse, Entry, HeartbeatResponse, LogIndex, NodeId, Term } from './types.ts';
import { toIndex } from './units.ts';

/** Log kept for a follower that is being sent a snapshot; beyond this it has to start over. */
const MOST_BYTES_KEPT_FOR_SNAPSHOT = 64 * 1024 * 1024;

/** Sends everything that may be sent now; called when the driver asks, so that messages hold full batches. */
export function flushLeader(node: RaftNode): void {
  if (node.role !== 'leader') return;
  startReadRound(node);
  for (const progress of node.progress.values()) sendTo(node, progress);
  node.commitNewsReleased = false;
  completeTransfer(node);
}

/** Whether a follower that answers has yet to hear of the commit index. */
export function holdsCommitNews(node: RaftNode): boolean {
  if (node.role !== 'leader') return false;
  return [...node.progress.values()].some((progress) => isBehindOnCommit(node, progress));
}

function isBehindOnCommit(node: RaftNode, progress: FollowerProgress): boolean {
  return (
    progress.state === 'replicate' &&
    progress.commitSent < node.log.commit &&
    progress.silentTicks < node.electionTicks
  );
}

export function broadcastHeartbeat(node: RaftNode): void {
  for (const id of node.progress.keys()) sendHeartbeat(node, id);
}

export function onAppendResponse(node: RaftNode, message: AppendResponse): void {
  const progress = node.progress.get(message.from);
  if (node.role !== 'leader' || progress === undefined) return;
  progress.silentTicks = 0;
  if (message.session !== progress.session) return;
  if (message.accepted) onAccepted(node, progress, message.index);
  else onRejected(node, progress, message);
}

export function onHeartbeatResponse(node: RaftNode, message: HeartbeatResponse): void {
  const progress = node.progress.get(message.from);
  if (node.role !== 'leader' || progress === undefined) return;
  progress.silentTicks = 0;
  if (message.session !== progress.session || message.readRound > node.reads.round) return;
  progress.waiting = false;
  if (progress.match + 1 < progress.next) progress.verify = true;
  if (message.readRound > progress.readRound) progress.readRound = message.readRound;
  finishReadRound(node);
}

/**
 * Moves the commit index to what a quorum holds. Only entries of the leader's own term are counted; those
 * before come with them (figure 8, section 3.6.2).
 */
export function advanceCommit(node: RaftNode): void {
  const { log } = node;
  const matchOf = (id: NodeId) =>
    id === node.id ? log.durable : (node.progress.get(id)?.match ?? toIndex(0));
  const reached = quorumIndex(log.configuration, matchOf);
  if (reached <= log.commit || log.termAt(reached) !== node.term) return;
  for (const entry of log.slice(toIndex(log.commit + 1), reached, Number.POSITIVE_INFINITY)) {
    node.uncommittedBytes -= entryBytes(entry);
  }
  log.commit = reached;
  leaveCommittedJoint(node);
  if (!isLeaderRemoved(node)) return;
  // The others learn that the removal is committed before the leader goes.
  flushLeader(node);
  broadcastHeartbeat(node);
  becomeFollower(node, node.term, null);
}

/** A snapshot made for another follower may be older than what was applied when this one asked for it. */
export function onSnapshotMade(node: RaftNode, to: NodeId, session: number, index: LogIndex): void {
  const progress = snapshotProgress(node, to, session);
  if (progress?.keepAfter != null && index < progress.keepAfter) progress.keepAfter = index;
}

/** The driver has delivered a snapshot: announce it, and look whether the follower goes on from there. */
export function onSnapshotSent(node: RaftNode, to: NodeId, session: number, index: LogIndex): void {
  const progress = snapshotProgress(node, to, session);
  if (progress === null) return;
  const snapshot = index <= node.log.commit ? node.log.metaAt(index) : null;
  if (snapshot === null) {
    onSnapshotFailed(node, to, session);
    return;
  }
  send(node, to, { type: 'installSnapshot', term: node.term, session, snapshot });
  progress.becomeProbe(toIndex(index + 1));
  progress.waiting = true;
}

/** The driver could not deliver it: try again, but not before the follower has been heard from. */
export function onSnapshotFailed(node: RaftNode, to: NodeId, session: number): void {
  const progress = snapshotProgress(node, to, session);
  if (progress === null) return;
  progress.becomeProbe(toIndex(progress.match + 1));
  progress.waiting = true;
}

/** The index up to which the log may be forgotten without cutting off a follower that fetches a snapshot. */
export function compactionLimit(node: RaftNode): LogIndex {
  let limit = Math.min(node.log.applied, node.log.durable, node.log.commit);
  if (node.log.bytes > MOST_BYTES_KEPT_FOR_SNAPSHOT) return toIndex(limit);
  for (const progress of node.progress.values()) {
    const { keepAfter } = progress;
    if (keepAfter !== null && progress.silentTicks < node.electionTicks) limit = Math.min(limit, keepAfter);
  }
  return toIndex(limit);
}

function snapshotProgress(node: RaftNode, to: NodeId, session: number): FollowerProgress | null {
  const progress = node.progress.get(to);
  const awaited = progress !== undefined && progress.state === 'snapshot' && progress.session === session;
  return awaited ? progress : null;
}

function onAccepted(node: RaftNode, progress: FollowerProgress, index: LogIndex): void {
  if (index > node.log.lastIndex) return;
  const news = index > progress.match;
  // An old acceptance says nothing about what a probe has found meanwhile.
  if (!news && !(progress.state === 'probe' && index === progress.match)) return;
  progress.matched(index);
  const goesOn = progress.state === 'probe' || index >= node.log.base.index;
  if (progress.state !== 'replicate' && goesOn) progress.becomeReplicate();
  if (news) advanceCommit(node);
}

function onRejected(node: RaftNode, progress: FollowerProgress, message: AppendResponse): void {
  if (progress.state === 'snapshot' || message.hintIndex > message.index) return;
  const meeting = node.log.lastWithTermAtMost(message.hintIndex, message.hintTerm);
  if (message.index <= progress.match) {
    // It held this once: its disk has lost it. What it has now has to be found out anew.
    if (meeting < progress.match) progress.regress(++node.sessions, meeting);
    return;
  }
  // While probing only the answer to the last probe counts; those before it are late.
  if (progress.state === 'probe' && message.index !== progress.next - 1) return;
  progress.becomeProbe(toIndex(Math.min(message.index, meeting + 1)));
}

function sendTo(node: RaftNode, progress: FollowerProgress): void {
  if (progress.state === 'snapshot') return;
  if (progress.state === 'probe') {
    if (progress.waiting) return;
    progress.waiting = sendAppend(node, progress, node.maxAppendBytes);
    return;
  }
  let sent = false;
  while (hasRoom(node, progress) && progress.next <= node.log.lastIndex) {
    if (!sendAppend(node, progress, node.maxAppendBytes)) return;
    sent = true;
  }
  // Without entries to carry it, a new commit index or the question whether all has arrived goes alone; not
  // to a node that seems to be away, for which the heartbeats are enough.
  const mayTell = !node.holdCommitNews || node.commitNewsReleased;
  const news = progress.verify || (mayTell && isBehindOnCommit(node, progress));
  if (!sent && news) sendAppend(node, progress, 0);
  progress.verify = false;
}

/** Both bounds count: many small messages cost the receiver time, few large ones cost both sides memory. */
function hasRoom(node: RaftNode, progress: FollowerProgress): boolean {
  return progress.inflight < node.maxInflight && progress.inflightBytes < node.maxInflightBytes;
}

/** Sends entries from `next` on (none, if `maxBytes` is 0); false when the follower needs a snapshot instead. */
function sendAppend(node: RaftNode, progress: FollowerProgress, maxBytes: number): boolean {
  const { log } = node;
  const previousIndex = toIndex(progress.next - 1);
  const previousTerm = log.termAt(previousIndex);
  if (previousTerm === null) {
    askForSnapshot(node, progress);
    return false;
  }
  const entries = maxBytes === 0 ? [] : log.slice(progress.next, log.lastIndex, maxBytes);
  sendEntries(node, progress, previousIndex, previousTerm, entries);
  return true;
}

function sendEntries(
  node: RaftNode,
  progress: FollowerProgress,
  previousIndex: LogIndex,
  previousTerm: Term,
  entries: readonly Entry[],
): void {
  const { session } = progress;
  const { commit } = node.log;
  const { term } = node;
  send(node, progress.id, {
    type: 'appendRequest',
    term,
    session,
    previousIndex,
    previousTerm,
    entries,
    commit,
  });
  progress.commitSent = commit;
  const last = entries.at(-1);
  if (progress.state !== 'replicate' || last === undefined) return;
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
  progress.sent(last.index, bytes);
}

function askForSnapshot(node: RaftNode, progress: FollowerProgress): void {
  // A node that is away would only keep the driver busy; its next answer to a heartbeat brings us back here.
  if (progress.silentTicks >= node.electionTicks) return;
  progress.becomeSnapshot(++node.sessions, node.log.applied);
  node.outbox.snapshotsToSend.push({ to: progress.id, session: progress.session });
}
