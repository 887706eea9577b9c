/**
 * The state of one node of the cluster, as plain mutable data that the other files work on, each for its own
 * job, and the two things all of them do: queue a message, and change the log's end.
 */
import { isVoter } from './configuration.ts';
import type { RaftLog } from './log.ts';
import type { FollowerProgress } from './progress.ts';
import type { Entry, LogIndex, Message, NodeId, RaftRole, Ready, SnapshotMeta, Term } from './types.ts';
import { toIndex } from './units.ts';

/** A message as its maker writes it: `from` and `to` are added when it is queued. */
type Unaddressed<M> = M extends Message ? Omit<M, 'from' | 'to'> : never;
export type Outgoing = Unaddressed<Message>;

/** A read that waits on the leader; `from` is the node itself or the follower that forwarded it. */
export interface WaitingRead {
  readonly from: NodeId;
  readonly context: string;
}

export interface ReadState {
  /** The newest round of heartbeats sent for reads; 0 before the first. */
  round: number;
  /** Reads the running round answers, with the index they get. */
  running: { readonly index: LogIndex; readonly reads: readonly WaitingRead[] } | null;
  /** Reads that the next round will answer. */
  queued: WaitingRead[];
  /** A follower's reads at the leader, and for how many ticks. */
  forwarded: Map<string, number>;
}

/** A Ready that the driver has and has not yet reported as persisted. */
export interface PendingReady {
  readonly number: number;
  readonly term: Term;
  /** The log's end in it; lowered when that is truncated meanwhile. */
  lastIndex: LogIndex;
}

/** What the next Ready will hold. */
export interface Outbox {
  messages: Message[];
  messagesAfterPersist: Message[];
  snapshot: SnapshotMeta | null;
  reads: Ready['reads'][number][];
  snapshotsToSend: Ready['snapshotsToSend'][number][];
}

export interface RaftNode {
  readonly id: NodeId;
  readonly random: () => number;
  readonly heartbeatTicks: number;
  readonly maxAppendBytes: number;
  readonly maxInflight: number;
  readonly maxInflightBytes: number;
  readonly withholdVotes: boolean;
  /**
   * What this disk has confirmed and then let go of, as a spare does: until its log reaches as far again, the node could
   * help to elect a leader that lacks what was committed with its help.
   */
  readonly voteFloor: LogIndex;
  /** A commit index that no entry carries waits until the driver lets it go, or for the next heartbeat. */
  readonly holdCommitNews: boolean;
  commitNewsReleased: boolean;
  readonly log: RaftLog;
  electionTicks: number;

  term: Term;
  vote: NodeId | null;
  role: RaftRole;
  leader: NodeId | null;
  /** Ticks since a live leader, a granted vote or a campaign; leaders: since followers were last verified. */
  electionElapsed: number;
  /** Randomised, in [electionTicks, 2 * electionTicks). */
  electionTimeout: number;

  /** Candidates: the answers so far. */
  votes: Map<NodeId, boolean>;
  /** Followers: up to here the log is known to agree with the present leader's. */
  verified: LogIndex;

  /** Leaders, from here on. */
  progress: Map<NodeId, FollowerProgress>;
  sessions: number;
  heartbeatElapsed: number;
  uncommittedBytes: number;
  transfer: { readonly to: NodeId; elapsed: number; asked: boolean } | null;

  reads: ReadState;
  outbox: Outbox;
  pending: PendingReady[];
  readyNumber: number;
  /** The Ready whose snapshot has to be in place before entries after it may be applied. */
  snapshotReady: number | null;
  /** The base that both the log on disk and the state machine have reached. */
  settledBase: SnapshotMeta;
}

export function emptyOutbox(): Outbox {
  return { messages: [], messagesAfterPersist: [], snapshot: null, reads: [], snapshotsToSend: [] };
}

/** Queues a message that depends on nothing unsaved. */
export function send(node: RaftNode, to: NodeId, message: Outgoing): void {
  node.outbox.messages.push({ ...message, from: node.id, to } as Message);
}

/** Queues a message that is a promise: it leaves when everything before it is on disk (section 3.8). */
export function sendAfterPersist(node: RaftNode, to: NodeId, message: Outgoing): void {
  node.outbox.messagesAfterPersist.push({ ...message, from: node.id, to } as Message);
}

/** Whether the driver is still putting an accepted snapshot into the state machine's place. */
export function isReplacing(node: RaftNode): boolean {
  return node.outbox.snapshot !== null || node.snapshotReady !== null;
}

/**
 * Whether the node may stand for election: voters do, and those whose removal is in the log but not known to be
 * committed. Nobody else may be able to finish it, as they lack the entry (section 4.2.2, end). A node that has
 * applied more than its log holds knows that committed entries are missing there.
 */
export function isPromotable(node: RaftNode): boolean {
  const { log } = node;
  if (log.applied > log.lastIndex) return false;
  const committed = log.metaAt(log.commit)?.configuration;
  const votes =
    isVoter(log.configuration, node.id) || (committed !== undefined && isVoter(committed, node.id));
  return votes && hasPromises(node);
}

/** Puts entries into the log in place of whatever it held from their first index on. */
export function replaceTail(node: RaftNode, entries: readonly Entry[]): void {
  const first = entries[0];
  if (first === undefined) return;
  if (first.index <= node.log.lastIndex) {
    node.log.truncateFrom(first.index);
    lowerPending(node, toIndex(first.index - 1));
  }
  node.log.append(entries);
}

/** What a Ready on its way to the disk holds beyond this index will be overwritten by a later one. */
export function lowerPending(node: RaftNode, limit: LogIndex): void {
  for (const ready of node.pending) if (ready.lastIndex > limit) ready.lastIndex = limit;
}

/** Starts the wait for the next election anew, with a new random length (section 3.4). */
export function restartElectionTimer(node: RaftNode): void {
  node.electionElapsed = 0;
  node.electionTimeout = node.electionTicks + Math.floor(node.random() * node.electionTicks);
}

/** Whether this node's log holds everything it has ever promised to keep. */
export function hasPromises(node: RaftNode): boolean {
  return !node.withholdVotes && node.log.durable >= node.voteFloor;
}
