/**
 * The datastore as its callers see it, whatever lies behind: etcd v3's model and words. Two implementations:
 * the embedded, replicated one, and an external etcd. `store-suite.test.ts` holds both to this contract.
 */
import type {
  Change,
  Comparison,
  KeyRange,
  KeyValue,
  Operation,
  OperationResult,
  RangeQuery,
} from './state-machine/model.ts';

export type StoreErrorCode =
  /** The request breaks a rule or a limit, whatever the state: do not repeat it. */
  | 'invalid'
  /** Larger than a request may be. */
  | 'tooLarge'
  /** `keepValue` or `keepLease` of a key that does not exist. */
  | 'keyNotFound'
  /** The revision is compacted; `revision` is the oldest that can still be read. */
  | 'compacted'
  /** The revision has not happened yet; `revision` is the newest. */
  | 'future'
  | 'leaseNotFound'
  | 'leaseExists'
  /** The space limit is reached: compact or delete; see `StoreStatus.alarms`. */
  | 'noSpace'
  /** No leader, no quorum, or no answer in time. A write may or may not have happened. */
  | 'unavailable'
  /** The node asked does not lead; only between nodes. */
  | 'notLeader';

/** A request the store could not serve; the message says why and, where it can, what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  readonly revision: number | undefined;

  constructor(code: StoreErrorCode, message: string, revision?: number) {
    super(message);
    this.code = code;
    this.revision = revision;
  }
}

/** All comparisons must hold for `success` to run; else `failure` runs. One revision holds all its changes. */
export interface Transaction {
  readonly compare?: readonly Comparison[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

export interface TransactionResult {
  /** The store's newest revision after it; a transaction that changed nothing has none of its own. */
  readonly revision: number;
  readonly succeeded: boolean;
  readonly results: readonly OperationResult[];
}

export interface RangeResult {
  /** The store's newest revision, also when an older one was read. */
  readonly revision: number;
  readonly items: readonly KeyValue[];
  readonly more: boolean;
  /** Keys in the range, whatever the limit. */
  readonly count: number;
}

export interface ReadOptions {
  /** Read what this node has, which may lag, without asking the leader. Default false: linearizable. */
  readonly serializable?: boolean;
}

export interface WatchRequest extends KeyRange {
  /** The first revision to report; 0: what happens from now on. */
  readonly startRevision: number;
  /** Deliver with every change the version before it, where it is still kept. */
  readonly previous?: boolean;
}

export interface WatchBatch {
  /** In order of revision, and within one as the transaction made them. Never empty. */
  readonly changes: readonly Change[];
  /** The newest revision of the store that this batch takes into account; nothing up to it comes again. */
  readonly revision: number;
}

export interface WatchHandlers {
  /**
   * The watch is established; `revision` is the store's newest then. Called once, before any batch. `through` tells at
   * any time up to which revision everything has been handed over, also while nothing happens in the range.
   */
  readonly onStarted: (revision: number, through: () => number) => void;
  /** Whole revisions, in order, none twice, none left out. Return a promise to be waited for (back-pressure). */
  readonly onBatch: (batch: WatchBatch) => void | Promise<void>;
}

export interface LeaseInfo {
  readonly id: number;
  readonly grantedSeconds: number;
  /** Until it expires unless it is kept alive; -1 if it does not exist. */
  readonly remainingSeconds: number;
  /** Only where asked for; sorted. */
  readonly keys: readonly Uint8Array[];
}

export type Alarm = 'noSpace' | 'corrupt';

export interface StoreMember {
  /** 16 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** `host:port` of the peer port. */
  readonly address: string;
  readonly learner: boolean;
}

export interface StoreStatus {
  readonly clusterId: string;
  readonly memberId: string;
  readonly version: string;
  /** The leader's member id; null: none is known. */
  readonly leader: string | null;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
  readonly revision: number;
  /** Bytes of the file, and of them in use. */
  readonly sizeBytes: number;
  readonly sizeInUseBytes: number;
  readonly learner: boolean;
  readonly alarms: readonly { readonly member: string; readonly alarm: Alarm }[];
  readonly members: readonly StoreMember[];
}

export interface StoreHash {
  readonly hash: number;
  /** The revision up to which it goes. */
  readonly revision: number;
  readonly compactedRevision: number;
}

/** Every method rejects with `StoreError` and nothing else. */
export interface Store {
  range(query: RangeQuery, options?: ReadOptions): Promise<RangeResult>;
  /** Applied exactly once, also when an answer is lost on the way. */
  transact(transaction: Transaction): Promise<TransactionResult>;
  /** Forgets what no read at `revision` or later needs. */
  compact(revision: number): Promise<{ readonly revision: number }>;
  /** Resolves when `signal` aborts; rejects when it cannot go on ('compacted' names the oldest revision kept). */
  watch(request: WatchRequest, handlers: WatchHandlers, signal: AbortSignal): Promise<void>;

  /** `id` 0: the store chooses. 'leaseExists' when it is taken. Seconds: 1 to 9,000,000,000. */
  grantLease(id: number, seconds: number): Promise<{ readonly id: number; readonly seconds: number }>;
  /** Deletes the lease and the keys attached to it. */
  revokeLease(id: number): Promise<{ readonly revision: number }>;
  /** From now on the lease lives for its full time again; resolves with that time in seconds. */
  keepLeaseAlive(id: number): Promise<number>;
  lease(id: number, withKeys: boolean): Promise<LeaseInfo>;
  /** Ids of all leases, sorted. */
  leases(): Promise<readonly number[]>;

  status(): Promise<StoreStatus>;
  /** Takes an alarm back; the store raises it again as long as its cause lasts. */
  disarm(alarm: Alarm): Promise<void>;
  /** Gives space that is not in use back to the file system, on this node. */
  defragment(): Promise<void>;
  /** A checksum over every key and version up to `revision` (0: the newest); the same on every replica. */
  hash(revision: number): Promise<StoreHash>;
  /** A consistent copy of the whole store in pieces, in order. Its format belongs to the implementation. */
  snapshot(onPiece: (piece: Uint8Array, remainingBytes: number) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}
