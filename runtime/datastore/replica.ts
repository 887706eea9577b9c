/**
 * One node's replica: the thin file where the Raft core meets the disk, the clock and the network. The core
 * decides (`Ready`), this file acts, in the order the core demands: send, persist, send what depended on it,
 * apply. Applying waits for the node's own log too, so that the state is never ahead of it.
 */
import type { Log } from '../logging/log.ts';
import { Raft } from '../raft/raft.ts';
import type {
  AppendRequest,
  Entry,
  HardState,
  LogIndex,
  Message,
  NodeId,
  ProposalOutcome,
  RaftStatus,
  Ready,
  SnapshotMeta,
} from '../raft/types.ts';
import { AdaptiveTiming } from './adaptive-timing.ts';
import { ApplyQueue } from './apply-queue.ts';
import type { Cancel, Surroundings } from './clock.ts';
import { KeptBytes } from './kept-bytes.ts';
import type { LogStorage, LogStorageOptions } from './log/log-storage.ts';
import { type CompactionBounds, LogCompaction } from './log-compaction.ts';
import { PendingWork } from './pending-work.ts';
import { PersistQueue } from './persist-queue.ts';
import { blankBase, type RecoveredStorage, recoverStorage } from './recovery.ts';
import { type MadeSnapshot, OutgoingSnapshots, SnapshotReceiver } from './snapshots.ts';
import type { CommandResult } from './state-machine/commands.ts';
import type { StateMachine } from './state-machine/state-machine.ts';
import type { StateCopy, StateStorage } from './state-storage.ts';

export interface ReplicaOptions extends Omit<CompactionBounds, 'keepBytes'> {
  readonly id: NodeId;
  readonly surroundings: Surroundings;
  readonly logStorage: Omit<LogStorageOptions, 'surroundings'>;
  readonly state: StateStorage;
  /** Given once, by the node that starts the cluster. */
  readonly founder: boolean;
  readonly heartbeatMilliseconds: number;
  /** The shortest election timeout; it rises where disk, machine or network are slow. */
  readonly electionMilliseconds: number;
  /** Bytes of log entries kept in memory; 32 MiB if not given. */
  readonly keepBytes?: number;
  readonly log: Log;
  /** Hands a message to the network; it may be lost. */
  readonly send: (message: Message) => void;
  /** Ships a snapshot's bytes; rejects when they did not arrive. */
  readonly shipSnapshot: (made: MadeSnapshot, to: NodeId) => Promise<void>;
  /** The applied state changed: watchers look again. */
  readonly onApplied: () => void;
  /** The node cannot go on. */
  readonly onFatal: (message: string) => void;
}

const commitNewsMilliseconds = 5;
/** After a process has ended, all that were connected to it know by then. */
const noticeMilliseconds = 10;
const defaultKeepBytes = 32 * 1024 * 1024;
const diskFullText = 'The disk is full: nothing can be stored until space is free again.';

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #log: LogStorage;
  readonly #pending: PendingWork;
  readonly #persisting: PersistQueue;
  readonly #compaction: LogCompaction;
  readonly #snapshots: OutgoingSnapshots;
  readonly #received: SnapshotReceiver;
  readonly #timing: AdaptiveTiming;
  readonly #applying: ApplyQueue;
  readonly #cancelTicks: Cancel;
  readonly #kept = new KeptBytes();
  #raft: Raft;
  #cancelNews: Cancel | null = null;
  /** What finds no space on the disk at the moment. */
  readonly #full = new Set<'log' | 'state'>();
  #closed = false;
  #actingSoon = false;
  #paused = false;

  /** Recovers the node's storage and starts taking part. Throws what `recoverStorage` throws. */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { logStorage, surroundings, state, founder, id } = options;
    return new Replica(
      options,
      await recoverStorage({ ...logStorage, surroundings }, state, founder ? id : null),
    );
  }

  private constructor(options: ReplicaOptions, storage: RecoveredStorage) {
    const { clock } = options.surroundings;
    this.#options = options;
    this.#log = storage.log;
    this.#pending = new PendingWork(options.surroundings);
    const { hardState } = storage.log.recovered;
    const lastIndex = storage.entries.at(-1)?.index ?? storage.base.index;
    this.#persisting = new PersistQueue(storage.log, hardState, lastIndex, clock, {
      installState: (meta) => this.#installState(meta),
      onDurable: (batch) => this.#durable(batch),
      onFull: (full) => this.#setFull('log', full),
      onFailed: (error) => this.#fail(`The consensus log cannot be written: ${messageOf(error)}`),
    });
    this.#snapshots = new OutgoingSnapshots(() => this.copyState(), clock);
    this.#received = new SnapshotReceiver(options.state);
    this.#timing = new AdaptiveTiming({
      ...{ clock, syncMilliseconds: () => this.syncMilliseconds },
      heartbeatMilliseconds: options.heartbeatMilliseconds,
      electionMilliseconds: options.electionMilliseconds,
    });
    this.#applying = new ApplyQueue(storage.machine, {
      ...{ clock, state: options.state, durableIndex: () => this.#persisting.durableIndex },
      onApplied: (entries, results) => this.#applied(entries, results),
      onFull: (full) => this.#setFull('state', full),
      onFailed: (error) => this.#fail(`The state cannot be written: ${messageOf(error)}`),
    });
    this.#raft = this.#createRaft(hardState, storage.base, storage.entries);
    this.#compaction = this.#createCompaction();
    this.#cancelTicks = clock.every(this.tickMilliseconds, () => this.#tick());
    if (options.founder) this.#standAtOnce();
    this.#act();
  }

  /** How long one of the core's ticks is. */
  get tickMilliseconds(): number {
    return this.#timing.tickMilliseconds;
  }

  /** The present election timeout, at its shortest. */
  get electionMilliseconds(): number {
    return this.#timing.electionTicks * this.#timing.tickMilliseconds;
  }

  get machine(): StateMachine {
    return this.#applying.machine;
  }

  /** Why the node takes no writes at the moment; null when it does. */
  get obstacle(): string | null {
    return this.#full.size > 0 || this.#options.state.isSpaceLow() ? diskFullText : null;
  }

  /** How long the log's last writes took to be durable. */
  get syncMilliseconds(): readonly number[] {
    return this.#log.statistics().syncMilliseconds;
  }

  status(): RaftStatus {
    return this.#raft.status();
  }

  /** Takes a message that a peer sent. A snapshot is taken only when its bytes are here, whole and checked. */
  step(message: Message): void {
    if (this.#closed || this.#paused) return;
    if (message.type === 'installSnapshot' && !this.#received.take(message.snapshot.index)) return;
    this.#timing.received(message);
    this.#raft.step(message.type === 'appendRequest' ? this.#keepEntries(message) : message);
    this.#actSoon();
  }

  /**
   * The connection by which a node's messages came has ended: its process has, or only the connection. If it led, this
   * node stands long before the timeout. Voters do so one after the other, or their votes would be split.
   */
  lostTouch(id: NodeId): void {
    if (this.#closed || this.#paused || !this.#raft.lostTouch(id)) return;
    const { voters } = this.#raft.status().configuration;
    const place = voters
      .filter((voter) => voter !== id)
      .toSorted()
      .indexOf(this.#options.id);
    if (place < 0) return;
    const raft = this.#raft;
    this.#options.surroundings.clock.after(noticeMilliseconds + place * this.tickMilliseconds, () => {
      if (this.#closed || this.#paused || raft !== this.#raft) return;
      raft.standIfLeaderless();
      this.#act();
    });
  }

  /**
   * Proposes an encoded command on the leader. Resolves when it is applied here; rejects with `LostError` when another
   * leader's entry took its place: propose it again under the same id.
   */
  propose(
    data: Uint8Array,
  ): ProposalOutcome | { readonly kind: 'proposed'; readonly result: Promise<CommandResult> } {
    const { obstacle } = this;
    if (obstacle !== null) return { kind: 'busy', reason: obstacle };
    const outcome = this.#raft.propose(this.#kept.keep(data));
    if (outcome.kind !== 'accepted') return outcome;
    const result = this.#pending.expectResult(outcome.index, outcome.term);
    this.#actSoon();
    return { kind: 'proposed', result };
  }

  /** Changes who votes and who learns; see `Raft.proposeConfiguration`. */
  proposeConfiguration(target: {
    readonly voters: readonly NodeId[];
    readonly learners: readonly NodeId[];
  }): ProposalOutcome {
    const outcome = this.#raft.proposeConfiguration(target);
    this.#act();
    return outcome;
  }

  transferLeadership(to: NodeId): ProposalOutcome {
    const outcome = this.#raft.transferLeadership(to);
    this.#act();
    return outcome;
  }

  /** Lets followers hear of the newest commit index now: one of them waits for it. */
  tellCommit(): void {
    this.#raft.releaseCommitNews();
    this.#actSoon();
  }

  /** Resolves with true once the state here holds everything that was committed before the call; false: ask again. */
  linearize(): Promise<boolean> {
    const read = this.#pending.expectRead(this.#options.electionMilliseconds);
    this.#raft.requestRead(read.context);
    this.#act();
    return read.done;
  }

  /** A consistent copy of the state as applied here, for a backup. */
  copyState(): Promise<StateCopy> {
    this.#applying.commit();
    return this.#options.state.copy();
  }

  /** Answers a node that ships a snapshot to this one; null when the method is another. */
  serve(method: string, params: unknown): Promise<unknown> | null {
    if (this.#closed) return null;
    return this.#received.serve(method, params);
  }

  /** Forgets log and state, but not the votes given: this node holds no data any more (a spare). */
  async becomeBlank(): Promise<void> {
    // The old core must not go on while the log is taken from under it.
    this.#paused = true;
    await this.#settled();
    const hardState = this.#promises();
    try {
      await this.#log.reset(blankBase, hardState);
    } catch (error) {
      // Nothing has been let go of: on a full disk the node goes on as what it was.
      this.#paused = false;
      throw error;
    }
    this.#applying.clear();
    this.#received.discard();
    this.#persisting.restart(blankBase.index, hardState);
    this.#raft = this.#createRaft(hardState, blankBase, []);
    this.#paused = false;
    this.#options.onApplied();
  }

  /** Term and vote, and how far the log reached: it must get there again before this node's vote counts. */
  #promises(): HardState {
    const { term, lastIndex } = this.#raft.status();
    const { hardState } = this.#persisting;
    const reached = Math.max(lastIndex, hardState?.commit ?? 0) as LogIndex;
    return { term: hardState?.term ?? term, vote: hardState?.vote ?? null, commit: reached };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#persisting.close();
    this.#cancelTicks();
    this.#applying.stop();
    this.#cancelNews?.();
    this.#snapshots.close();
    this.#pending.failAll();
    await this.#settled();
    await this.#log.close();
    this.machine.close();
  }

  #createRaft(hardState: HardState | null, base: SnapshotMeta, entries: readonly Entry[]): Raft {
    const { id, surroundings } = this.#options;
    const raft = new Raft({
      id,
      recovered: { hardState, base, entries },
      electionTicks: this.#timing.electionTicks,
      heartbeatTicks: 1,
      holdCommitNews: true,
      random: surroundings.random,
    });
    raft.applied(this.machine.applied().index);
    return raft;
  }

  #createCompaction(): LogCompaction {
    const { state, keepEntries, compactEvery, keepBytes = defaultKeepBytes, log } = this.#options;
    return new LogCompaction({
      raft: () => this.#raft,
      log: this.#log,
      checkpoint: async () => {
        this.#applying.commit();
        // On a full disk, or while the node stops, the state may not be committed: the log is all there is of the rest.
        return this.#applying.isCommitted && state.checkpoint();
      },
      bounds: { keepEntries, compactEvery, keepBytes },
      onFailed: (error) =>
        log.warn({ reason: messageOf(error) }, 'the log could not be compacted; trying again later'),
    });
  }

  /** Whoever starts a cluster is its only voter: nobody else could be leading, so there is nothing to wait for. */
  #standAtOnce(): void {
    const { voters } = this.#raft.status().configuration;
    const alone = voters.length === 1 && voters[0] === this.#options.id;
    for (let ticks = 0; alone && this.#raft.status().role === 'follower' && ticks < 10_000; ticks += 1)
      this.#raft.tick();
  }

  #tick(): void {
    if (this.#closed || this.#paused) return;
    this.#timing.ticked();
    this.#raft.setElectionTicks(this.#timing.electionTicks);
    this.#raft.tick();
    this.#act();
  }

  /** What arrived lies in the network's buffers, between much that nobody needs any more. */
  #keepEntries(message: AppendRequest): AppendRequest {
    const kept = ({ data, ...entry }: Entry): Entry => ({ ...entry, data: this.#kept.keep(data) });
    return message.entries.length === 0 ? message : { ...message, entries: message.entries.map(kept) };
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#timing.sent(message);
      this.#options.send(message);
    }
  }

  /** What comes in one turn of the event loop is dealt with together: one message and one frame of the log for all. */
  #actSoon(): void {
    if (this.#actingSoon) return;
    this.#actingSoon = true;
    queueMicrotask(() => {
      this.#actingSoon = false;
      this.#act();
    });
  }

  /** Does what the core wants done, until it wants nothing more. */
  #act(): void {
    while (!this.#closed && !this.#paused && this.#raft.hasReady()) {
      const ready = this.#raft.takeReady();
      this.#send(ready.messages);
      // Set aside at once: another transfer may begin before this one is installed.
      if (ready.snapshot) this.#options.state.beginReplacing();
      this.#applying.push(ready.committed);
      this.#persisting.push(ready);
      for (const { to, session } of ready.snapshotsToSend) void this.#sendSnapshot(to, session);
      for (const read of ready.reads) this.#pending.readConfirmed(read.context, read.index);
    }
    void this.#persisting.run();
    this.#apply();
    if (this.#cancelNews === null && this.#raft.holdsCommitNews) this.#tellSoon();
  }

  /** With luck the next entries come first and carry the news. */
  #tellSoon(): void {
    this.#cancelNews = this.#options.surroundings.clock.after(commitNewsMilliseconds, () => {
      this.#cancelNews = null;
      if (this.#closed || this.#paused) return;
      this.#raft.releaseCommitNews();
      this.#act();
    });
  }

  #durable(batch: readonly Ready[]): void {
    for (const ready of batch) {
      if (!this.#closed) this.#send(ready.messagesAfterPersist);
      this.#raft.persisted(ready.number);
    }
    this.#act();
  }

  #installState(meta: SnapshotMeta): void {
    this.#applying.install(meta);
    this.#options.log.info({ index: meta.index }, 'took a snapshot from the leader');
    this.#pending.applied(this.machine.applied().index, new Map(), []);
    this.#options.onApplied();
  }

  #apply(): void {
    if (this.#closed) return;
    this.#applying.apply();
    this.#pending.servable(this.machine.applied().index);
  }

  #applied(entries: readonly Entry[], results: ReadonlyMap<LogIndex, CommandResult>): void {
    const { index } = this.machine.applied();
    this.#raft.applied(index);
    this.#pending.applied(index, results, entries);
    this.#options.onApplied();
    this.#compaction.consider(index);
    if (this.#raft.hasReady()) this.#actSoon();
  }

  async #sendSnapshot(to: NodeId, session: number): Promise<void> {
    const { shipSnapshot, log } = this.#options;
    const raft = this.#raft;
    const oldestUseful = (): LogIndex => (raft.status().firstIndex - 1) as LogIndex;
    try {
      const index = await this.#snapshots.send(oldestUseful, (made) => {
        raft.snapshotMade(to, session, made.meta.index);
        return shipSnapshot(made, to);
      });
      raft.snapshotSent(to, session, index);
    } catch (error) {
      log.warn({ to, reason: messageOf(error) }, 'a snapshot did not reach its node; trying again');
      raft.snapshotFailed(to, session);
    }
    this.#act();
  }

  async #settled(): Promise<void> {
    await this.#persisting.settled();
    await this.#compaction.settled();
  }

  /** The log and the state may each find the disk full; the node takes writes when both have space. */
  #setFull(part: 'log' | 'state', full: boolean): void {
    const before = this.#full.size;
    if (full) this.#full.add(part);
    else this.#full.delete(part);
    if (before === 0 && full) this.#options.log.error(diskFullText);
    if (before > 0 && this.#full.size === 0) this.#options.log.info('storing works again');
  }

  #fail(message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTicks();
    this.#applying.stop();
    this.#pending.failAll();
    this.#options.onFatal(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
