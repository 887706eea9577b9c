/**
 * The consensus core as its driver sees it: messages, ticks and proposals go in, a `Ready` comes out. It is
 * synchronous and knows no clock, disk or network, so that the same inputs always give the same outputs. The
 * rules themselves are in the files this one calls.
 */
import { onLostTouch, standIfLeaderless } from './election.ts';
import { invariant } from './invariant.ts';
import { RaftLog } from './log.ts';
import { isChanging, type MembershipTarget, proposeConfiguration } from './membership.ts';
import { emptyOutbox, isReplacing, type RaftNode, restartElectionTimer } from './node.ts';
import { propose } from './proposals.ts';
import { emptyReads, requestRead } from './reads.ts';
import { hasReady, onPersisted, type SavedVote, takeReady } from './ready.ts';
import { receive } from './receive.ts';
import {
  compactionLimit,
  holdsCommitNews,
  onSnapshotFailed,
  onSnapshotMade,
  onSnapshotSent,
} from './replication.ts';
import { tick } from './tick.ts';
import { transferLeadership } from './transfer.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  Message,
  NodeId,
  ProposalOutcome,
  RaftStatus,
  Ready,
  SnapshotMeta,
} from './types.ts';
import { NO_INDEX, NO_TERM, toIndex, toTerm } from './units.ts';
import { isWellFormed } from './validation.ts';

export interface RaftOptions {
  readonly id: NodeId;
  /**
   * What the log storage recovered. A blank node that joins has no hard state and a base at index 0, term 0
   * with the empty configuration; the founder the same with itself as the only voter.
   */
  readonly recovered: {
    readonly hardState: HardState | null;
    readonly base: SnapshotMeta;
    readonly entries: readonly Entry[];
  };
  /** The randomised election timeout is in [electionTicks, 2 * electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Bytes of entries in one message; 256 KiB if not given. */
  readonly maxAppendBytes?: number;
  /**
   * A new commit index goes to followers with the next entries, which in a busy cluster follow at once; alone only after
   * `releaseCommitNews`, or with the next heartbeat. Saves two of four messages for each write that comes by itself.
   */
  readonly holdCommitNews?: boolean;
  /** Messages with entries on their way to one follower; 64 if not given. */
  readonly maxInflight?: number;
  /** Bytes of entries on their way to one follower, exceeded by one message at most; 8 MiB if not given. */
  readonly maxInflightBytes?: number;
  /**
   * For a member whose disk has lost what it had promised to keep: it follows, but takes no part in elections
   * until the driver starts it anew without this, after it was removed and added again.
   */
  readonly withholdVotes?: boolean;
}

export class Raft {
  readonly #node: RaftNode;
  /** Term and vote as last given to the driver. */
  #saved: SavedVote;

  constructor(options: RaftOptions) {
    this.#node = createNode(options);
    const { hardState } = options.recovered;
    this.#saved = { term: hardState?.term ?? NO_TERM, vote: hardState?.vote ?? null };
  }

  /** Takes any message from any peer. What makes no sense is dropped. */
  step(message: Message): void {
    if (isWellFormed(message, this.#node.id)) receive(this.#node, message);
  }

  tick(): void {
    tick(this.#node);
  }

  /** The connection by which a node's messages came has ended; true when it led, and is forgotten for it. */
  lostTouch(id: NodeId): boolean {
    return onLostTouch(this.#node, id);
  }

  /** Stands for election now instead of after the timeout, unless a leader has been heard of meanwhile. */
  standIfLeaderless(): void {
    standIfLeaderless(this.#node);
  }

  /** Appends a command, if this node leads. Accepted is not committed: watch `Ready.committed` for it. */
  propose(data: Uint8Array): ProposalOutcome {
    return propose(this.#node, data);
  }

  /**
   * Moves to exactly these voters and learners, one change at a time: directly when at most one voter comes or
   * goes, else through a joint configuration that the leader leaves by itself. 'busy' while another change is
   * under way, before the leader has committed in its term, and when a new voter is not yet a learner that has
   * caught up.
   */
  proposeConfiguration(target: MembershipTarget): ProposalOutcome {
    return proposeConfiguration(this.#node, target);
  }

  /**
   * Asks for a linearizable read; the answer comes in `Ready.reads` under the same context, which must not be
   * used twice. It is null when nobody could vouch for an index: ask again.
   */
  requestRead(context: string): void {
    requestRead(this.#node, context);
  }

  /** Hands leadership to a voter; given up after an election timeout. Proposals are 'busy' meanwhile. */
  transferLeadership(to: NodeId): ProposalOutcome {
    return transferLeadership(this.#node, to);
  }

  /** Whether followers have yet to hear of the newest commit index, which waits for entries to go with. */
  get holdsCommitNews(): boolean {
    return holdsCommitNews(this.#node);
  }

  /** Tells followers the commit index now. */
  releaseCommitNews(): void {
    this.#node.commitNewsReleased = true;
  }

  /** Changes the election timeout, as disks and machines turn out slower or faster. */
  setElectionTicks(ticks: number): void {
    invariant(Number.isInteger(ticks) && ticks > 0, `${ticks} is no election timeout`);
    if (ticks === this.#node.electionTicks) return;
    this.#node.electionTicks = ticks;
    const { electionElapsed } = this.#node;
    restartElectionTimer(this.#node);
    this.#node.electionElapsed = electionElapsed;
  }

  hasReady(): boolean {
    return hasReady(this.#node, this.#saved);
  }

  takeReady(): Ready {
    const ready = takeReady(this.#node, this.#saved);
    if (ready.hardState !== null) this.#saved = ready.hardState;
    return ready;
  }

  /** The Ready of this number and all before it are durable: only now the node counts its own copy and vote. */
  persisted(readyNumber: number): void {
    onPersisted(this.#node, readyNumber);
  }

  /**
   * The state machine has applied everything up to here. Called once after a start too, with what the state
   * machine had applied before; nothing up to there is handed out again.
   */
  applied(index: LogIndex): void {
    const { log } = this.#node;
    if (index > log.applied) log.applied = index;
    if (index > log.handedOut) log.handedOut = index;
  }

  /**
   * The state machine is durable up to here: forgets the entries before, and returns the base that the log
   * storage must record. It may be lower than asked for: what is not durable in the log, or still needed by a
   * follower that fetches a snapshot, stays; and while a snapshot is being put in place it is the base before.
   */
  compact(index: LogIndex): SnapshotMeta {
    const { log } = this.#node;
    if (isReplacing(this.#node)) return this.#node.settledBase;
    const target = Math.min(index, compactionLimit(this.#node));
    if (target <= log.base.index) return log.base;
    const base = log.metaAt(toIndex(target));
    invariant(base !== null, `no entry at ${target} to compact to`);
    log.compactTo(base);
    this.#node.settledBase = base;
    return base;
  }

  /** The lowest index to compact to so that the entries kept in memory weigh no more than this. */
  lowestBaseFor(bytes: number): LogIndex {
    return this.#node.log.lowestBaseFor(bytes);
  }

  /** The snapshot being shipped is at this index: what follows it is kept, for the node to go on with. */
  snapshotMade(to: NodeId, session: number, index: LogIndex): void {
    if (this.#node.role === 'leader') onSnapshotMade(this.#node, to, session, index);
  }

  /** The driver has delivered a snapshot at this index: the core announces it with `installSnapshot`. */
  snapshotSent(to: NodeId, session: number, index: LogIndex): void {
    if (this.#node.role === 'leader') onSnapshotSent(this.#node, to, session, index);
  }

  snapshotFailed(to: NodeId, session: number): void {
    if (this.#node.role === 'leader') onSnapshotFailed(this.#node, to, session);
  }

  status(): RaftStatus {
    const { id, role, term, leader, log, progress, transfer } = this.#node;
    return {
      id,
      role,
      term,
      leader,
      commit: log.commit,
      lastIndex: log.lastIndex,
      lastTerm: log.lastTerm,
      firstIndex: log.firstIndex,
      logBytes: log.bytes,
      configuration: log.configuration,
      changing: isChanging(this.#node),
      progress: [...progress.values()].map((each) => each.describe()),
      transferTarget: transfer?.to ?? null,
    };
  }
}

function createNode(options: RaftOptions): RaftNode {
  const { recovered, electionTicks, heartbeatTicks } = options;
  invariant(
    heartbeatTicks > 0 && electionTicks > heartbeatTicks,
    'a heartbeat must be shorter than an election',
  );
  const { hardState, base, entries } = recovered;
  const log = new RaftLog(base, entries);
  // A commit index is stored only for what the disk held. Where the log ends before it, the node has let go of the rest.
  const voteFloor = toIndex((hardState?.commit ?? 0) > log.lastIndex ? hardState!.commit : 0);
  log.commit = toIndex(Math.max(base.index, Math.min(hardState?.commit ?? 0, log.lastIndex)));
  const term = toTerm(Math.max(hardState?.term ?? 0, log.lastTerm));
  const node: RaftNode = {
    id: options.id,
    random: options.random,
    heartbeatTicks,
    maxAppendBytes: options.maxAppendBytes ?? 256 * 1024,
    holdCommitNews: options.holdCommitNews ?? false,
    commitNewsReleased: false,
    maxInflight: options.maxInflight ?? 64,
    maxInflightBytes: options.maxInflightBytes ?? 8 * 1024 * 1024,
    withholdVotes: options.withholdVotes ?? false,
    voteFloor,
    log,
    electionTicks,
    term,
    vote: term === hardState?.term ? hardState.vote : null,
    role: 'follower',
    leader: null,
    electionElapsed: 0,
    electionTimeout: electionTicks,
    votes: new Map(),
    verified: NO_INDEX,
    progress: new Map(),
    sessions: 0,
    heartbeatElapsed: 0,
    uncommittedBytes: 0,
    transfer: null,
    reads: emptyReads(),
    outbox: emptyOutbox(),
    pending: [],
    readyNumber: 0,
    snapshotReady: null,
    settledBase: base,
  };
  restartElectionTimer(node);
  return node;
}
