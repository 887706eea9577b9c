/**
 * The vocabulary of the consensus core: what goes in (messages, ticks, proposals) and what comes out
 * (`Ready`). Everything here is plain data. The section numbers in this folder refer to Ongaro's
 * dissertation "Consensus: Bridging Theory and Practice" (2014).
 */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A Raft term. Terms only rise. */
export type Term = Brand<number, 'Term'>;
/** The position of an entry in the log; the first entry has index 1, 0 means "before the log". */
export type LogIndex = Brand<number, 'LogIndex'>;
/** A node's identity: 16 lower-case hexadecimal digits, derived from its public key. */
export type NodeId = Brand<string, 'NodeId'>;

/** What an entry carries: a command of the state machine, a configuration, or nothing (a new leader's first). */
export type EntryKind = 'command' | 'configuration' | 'empty';

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** A command's bytes; for a configuration its encoding (`encodeConfiguration`); empty otherwise. */
  readonly data: Uint8Array;
}

/**
 * Who takes part. While `outgoing` is not empty the configuration is joint (section 4.3): a decision needs
 * a majority of `voters` and a majority of `outgoing`. Learners receive the log and do not vote.
 */
export interface Configuration {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** What must survive a crash before any message that depends on it leaves (section 3.8). */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId | null;
  /**
   * A hint: it may lag behind what is known to be committed. Beyond the end of the log it says how far the log once
   * reached that this node has let go of: before it reaches there again, the node takes no part in elections.
   */
  readonly commit: LogIndex;
}

/** Where a snapshot of the state machine stands in the log, and the configuration in force there. */
export interface SnapshotMeta {
  readonly index: LogIndex;
  readonly term: Term;
  readonly configuration: Configuration;
}

interface Addressed {
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term; for a pre-vote request, and the answer that grants it, the term of the campaign. */
  readonly term: Term;
}

export interface VoteRequest extends Addressed {
  readonly type: 'voteRequest';
  readonly preVote: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** Set when a leader asked for the election (leadership transfer): receivers do not wait for their timeout. */
  readonly transfer: boolean;
}

export interface VoteResponse extends Addressed {
  readonly type: 'voteResponse';
  readonly preVote: boolean;
  readonly granted: boolean;
}

export interface AppendRequest extends Addressed {
  readonly type: 'appendRequest';
  /** Names the leader's replication stream to this node; the response repeats it, so that a late one of an
   * earlier stream is recognised and dropped. */
  readonly session: number;
  readonly previousIndex: LogIndex;
  readonly previousTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
}

export interface AppendResponse extends Addressed {
  readonly type: 'appendResponse';
  readonly session: number;
  readonly accepted: boolean;
  /** Accepted: the last index now known to match. Rejected: the `previousIndex` that did not match. */
  readonly index: LogIndex;
  /** Rejected: the highest index at which the follower's log may still match, and its term there. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
}

export interface Heartbeat extends Addressed {
  readonly type: 'heartbeat';
  readonly session: number;
  readonly commit: LogIndex;
  /** The newest read-index round this heartbeat confirms; 0 for none. */
  readonly readRound: number;
}

export interface HeartbeatResponse extends Addressed {
  readonly type: 'heartbeatResponse';
  readonly session: number;
  readonly readRound: number;
}

/** Announces a snapshot whose bytes the driver has already delivered; the core sends it after `snapshotSent`. */
export interface InstallSnapshot extends Addressed {
  readonly type: 'installSnapshot';
  readonly session: number;
  readonly snapshot: SnapshotMeta;
}

export interface ReadIndexRequest extends Addressed {
  readonly type: 'readIndexRequest';
  readonly context: string;
}

export interface ReadIndexResponse extends Addressed {
  readonly type: 'readIndexResponse';
  readonly context: string;
  /** null: the leader could not answer (it stepped down or is being replaced); ask again. */
  readonly index: LogIndex | null;
}

export interface TimeoutNow extends Addressed {
  readonly type: 'timeoutNow';
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | ReadIndexRequest
  | ReadIndexResponse
  | TimeoutNow;

export type RaftRole = 'follower' | 'preCandidate' | 'candidate' | 'leader';

/** What the leader knows of another node's log. */
export interface Progress {
  readonly id: NodeId;
  readonly match: LogIndex;
  readonly next: LogIndex;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** Ticks since the node was last heard from; how long a tick is, the driver knows. */
  readonly silentTicks: number;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: RaftRole;
  readonly term: Term;
  readonly leader: NodeId | null;
  readonly commit: LogIndex;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  readonly firstIndex: LogIndex;
  /** What the entries kept in memory weigh. */
  readonly logBytes: number;
  readonly configuration: Configuration;
  /** Whether a configuration entry is in the log that is not yet committed, or the configuration is joint. */
  readonly changing: boolean;
  /** Leader only, else empty; sorted by id. */
  readonly progress: readonly Progress[];
  readonly transferTarget: NodeId | null;
}

/**
 * What the driver has to do, in one piece of work:
 * 1. send `messages` at once (they depend on nothing unsaved);
 * 2. make `hardState`, `snapshot` and `entries` durable, in that order of effect; entries replace whatever
 *    the log held from their first index on;
 * 3. then send `messagesAfterPersist` and call `persisted(ready)`;
 * 4. apply `committed` in order (they are already durable on a majority; independent of 2 and 3).
 * Several `Ready`s may be taken before an earlier one is durable; they become durable in order.
 */
export interface Ready {
  /** Rises by one with every Ready. */
  readonly number: number;
  readonly messages: readonly Message[];
  readonly hardState: HardState | null;
  /** A snapshot the driver delivered with `installSnapshot` and that the core accepted: replace the state
   * machine with it, drop the log up to its index. */
  readonly snapshot: SnapshotMeta | null;
  readonly entries: readonly Entry[];
  readonly messagesAfterPersist: readonly Message[];
  readonly committed: readonly Entry[];
  /** Reads that may now be served once the applied index has reached `index`; null: failed, ask again. */
  readonly reads: readonly { readonly context: string; readonly index: LogIndex | null }[];
  /** Nodes that need a snapshot: the driver makes and ships one, then calls `snapshotSent` or `snapshotFailed`. */
  readonly snapshotsToSend: readonly { readonly to: NodeId; readonly session: number }[];
}

/** An expected "no" to a proposal: who to ask instead, or why not now. */
export type ProposalOutcome =
  | { readonly kind: 'accepted'; readonly index: LogIndex; readonly term: Term }
  | { readonly kind: 'notLeader'; readonly leader: NodeId | null }
  | { readonly kind: 'busy'; readonly reason: string };
