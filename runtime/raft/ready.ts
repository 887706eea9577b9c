/** Collects what the driver has to do into one Ready, and takes note of what it has made durable. */
import { onOwnVotePersisted } from './election.ts';
import { invariant } from './invariant.ts';
import { emptyOutbox, isReplacing, type RaftNode } from './node.ts';
import { advanceCommit, flushLeader } from './replication.ts';
import type { Entry, HardState, Ready } from './types.ts';
import { lowerIndex, toIndex } from './units.ts';

/** A Ready hands out at most this much to apply, so that applying never holds up consensus for long. */
const MOST_COMMITTED_ENTRIES = 1024;
const MOST_COMMITTED_BYTES = 1024 * 1024;

export type SavedVote = Pick<HardState, 'term' | 'vote'>;

export function hasReady(node: RaftNode, saved: SavedVote): boolean {
  flushLeader(node);
  const { outbox } = node;
  return (
    outbox.messages.length > 0 ||
    outbox.messagesAfterPersist.length > 0 ||
    outbox.snapshot !== null ||
    outbox.reads.length > 0 ||
    outbox.snapshotsToSend.length > 0 ||
    node.log.hasUnwritten ||
    isVoteUnsaved(node, saved) ||
    hasCommitted(node)
  );
}

export function takeReady(node: RaftNode, saved: SavedVote): Ready {
  flushLeader(node);
  const { outbox } = node;
  const number = ++node.readyNumber;
  if (outbox.snapshot !== null) node.snapshotReady = number;
  const committed = nextCommitted(node);
  const last = committed.at(-1);
  if (last !== undefined) node.log.handedOut = last.index;
  const entries = node.log.takeUnwritten();
  // The commit index is only a hint: it alone is not worth a sync.
  const worthSaving = isVoteUnsaved(node, saved) || entries.length > 0 || outbox.snapshot !== null;
  node.pending.push({ number, term: node.term, lastIndex: node.log.lastIndex });
  node.outbox = emptyOutbox();
  return { number, ...outbox, hardState: worthSaving ? hardState(node) : null, entries, committed };
}

/** The Ready of this number, and all before it, are on disk. */
export function onPersisted(node: RaftNode, readyNumber: number): void {
  invariant(readyNumber <= node.readyNumber, `Ready ${readyNumber} was never taken`);
  let newest = null;
  while (node.pending[0] !== undefined && node.pending[0].number <= readyNumber)
    newest = node.pending.shift()!;
  if (newest === null) return;
  settleSnapshot(node, readyNumber);
  node.log.durable = newest.lastIndex;
  if (newest.term === node.term) onOwnVotePersisted(node);
  if (node.role === 'leader') advanceCommit(node);
}

function settleSnapshot(node: RaftNode, readyNumber: number): void {
  if (node.snapshotReady === null || node.snapshotReady > readyNumber) return;
  node.snapshotReady = null;
  if (!isReplacing(node)) node.settledBase = node.log.base;
}

/**
 * The commit index it carries never exceeds what this disk holds: after a torn write it could otherwise vouch
 * for older entries that were about to be replaced.
 */
function hardState(node: RaftNode): HardState {
  const { term, vote, log, voteFloor } = node;
  // The floor is kept until the log has reached it.
  const commit = log.durable < voteFloor ? voteFloor : lowerIndex(log.commit, log.durable);
  return { term, vote, commit };
}

function isVoteUnsaved(node: RaftNode, saved: SavedVote): boolean {
  return node.term !== saved.term || node.vote !== saved.vote;
}

function hasCommitted(node: RaftNode): boolean {
  // While the state machine is being replaced, what follows the snapshot waits.
  return !isReplacing(node) && node.log.handedOut < node.log.commit;
}

function nextCommitted(node: RaftNode): Entry[] {
  if (!hasCommitted(node)) return [];
  const { log } = node;
  return log.slice(toIndex(log.handedOut + 1), log.commit, MOST_COMMITTED_BYTES, MOST_COMMITTED_ENTRIES);
}
