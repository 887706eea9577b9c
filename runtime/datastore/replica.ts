/**
 * One node's replica: the thin file where the Raft core meets the disk, the clock and the network. The core
 * decides (`Ready`), this file acts, in the order the core demands: send, persist, send what depended on it,
 * apply. Applying waits for the node's own log too, so that the state is never ahead of it.
 */
import type { Log } from '../logging/log.ts';
import { decodeConfiguration } from '../raft/configuration.ts';
import { Raft } from '../raft/raft.ts';
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
} from '../raft/types.ts';
import type { Cancel, Surroundings } from './clock.ts';
import { decideElectionTicks } from './election-timing.ts';
import type { LogStorage, LogStorageOptions } from './log/log-storage.ts';
import { type CompactionBounds, LogCompaction } from './log-compaction.ts';
import { PendingWork } from './pending-work.ts';
import { PersistQueue } from './persist-queue.ts';
import { blankBase, type RecoveredStorage, recoverStorage } from './recovery.ts';
import { type MadeSnapshot, OutgoingSnapshots, SnapshotReceiver } from './snapshots.ts';
import type { CommandResult } from './state-machine/commands.ts';
import type { StateMachine } from './state-machine/state-machine.ts';
import { StateError } from './state-machine/tables.ts';
import type { StateCopy, StateStorage } from './state-storage.ts';
import { TimingSamples } from './timing-samples.ts';

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

const retryMilliseconds = 1_000;
const commitMilliseconds = 100;
const commitNewsMilliseconds = 5;
/** Election timeouts are drawn from whole ticks: with few of them two nodes would often stand at the same time. */
const ticksPerHeartbeat = 2;
const timingDecisionMilliseconds = 1_000;
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
  readonly #timing: TimingSamples;
  readonly #cancelTicks: Cancel;
  #ticksUntilTiming = 0;
  #electionTicks: number;
  #machine: StateMachine;
  #raft: Raft;
  #toApply: Entry[] = [];
  #cancelApplyRetry: Cancel | null = null;
  #cancelCommit: Cancel | null = null;
  #cancelNews: Cancel | null = null;
  /** Why the node cannot store anything at the moment; null when it can. */
  #obstacle: string | null = null;
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
    this.#machine = storage.machine;
    this.#pending = new PendingWork(options.surroundings);
    const { hardState } = storage.log.recovered;
    const lastIndex = storage.entries.at(-1)?.index ?? storage.base.index;
    this.#persisting = new PersistQueue(storage.log, hardState, lastIndex, clock, {
      installState: (meta) => this.#installState(meta),
      onDurable: (batch) => this.#durable(batch),
      onFull: (full) => (full ? this.#setObstacle(diskFullText) : this.#clearObstacle()),
      onFailed: (error) => this.#fail(`The consensus log cannot be written: ${messageOf(error)}`),
    });
    this.#snapshots = new OutgoingSnapshots(() => this.copyState(), clock);
    this.#received = new SnapshotReceiver(options.state);
    this.#timing = new TimingSamples(clock, this.tickMilliseconds);
    this.#electionTicks = Math.max(2, Math.round(options.electionMilliseconds / this.tickMilliseconds));
    this.#raft = this.#createRaft(hardState, storage.base, storage.entries);
    this.#compaction = this.#createCompaction();
    this.#cancelTicks = clock.every(this.tickMilliseconds, () => this.#tick());
    if (options.founder) this.#standAtOnce();
    this.#act();
  }

  /** How long one of the core's ticks is. */
  get tickMilliseconds(): number {
    return this.#options.heartbeatMilliseconds / ticksPerHeartbeat;
  }

  /** The present election timeout, at its shortest. */
  get electionMilliseconds(): number {
    return this.#electionTicks * this.tickMilliseconds;
  }

  get machine(): StateMachine {
    return this.#machine;
  }

  /** Why the node takes no writes at the moment; null when it does. */
  get obstacle(): string | null {
    return this.#obstacle ?? (this.#options.state.isSpaceLow() ? diskFullText : null);
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
    this.#timing.received(message, this.#patienceMilliseconds());
    this.#raft.step(message);
    this.#actSoon();
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
    const outcome = this.#raft.propose(data);
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
    this.#commit();
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
    const { state } = this.#options;
    this.#machine.close();
    state.remove();
    this.#received.discard();
    this.#machine = state.open();
    this.#persisting.restart(blankBase.index, hardState);
    this.#toApply = [];
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
    this.#cancelApplyRetry?.();
    this.#cancelCommit?.();
    this.#cancelNews?.();
    this.#snapshots.close();
    this.#pending.failAll();
    await this.#settled();
    await this.#log.close();
    this.#machine.close();
  }

  #createRaft(hardState: HardState | null, base: SnapshotMeta, entries: readonly Entry[]): Raft {
    const { id, surroundings } = this.#options;
    const raft = new Raft({
      id,
      recovered: { hardState, base, entries },
      electionTicks: this.#electionTicks,
      heartbeatTicks: ticksPerHeartbeat,
      holdCommitNews: true,
      random: surroundings.random,
    });
    raft.applied(this.#machine.applied().index);
    return raft;
  }

  #createCompaction(): LogCompaction {
    const { state, keepEntries, compactEvery, keepBytes = defaultKeepBytes, log } = this.#options;
    return new LogCompaction({
      raft: () => this.#raft,
      log: this.#log,
      checkpoint: async () => {
        this.#commit();
        // On a full disk, or while the node stops, the state may not be committed: the log is all there is of the rest.
        if (this.#machine.hasUncommitted || this.#machine.isBehind) return false;
        return state.checkpoint();
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
    if (this.#ticksUntilTiming-- <= 0) this.#adaptTiming();
    this.#raft.tick();
    this.#act();
  }

  #adaptTiming(): void {
    this.#ticksUntilTiming = Math.ceil(timingDecisionMilliseconds / this.tickMilliseconds);
    this.#electionTicks = decideElectionTicks({
      presentTicks: this.#electionTicks,
      tickMilliseconds: this.tickMilliseconds,
      configuredMilliseconds: this.#options.electionMilliseconds,
      syncMilliseconds: this.#log.statistics().syncMilliseconds,
      lateMilliseconds: this.#timing.lateMilliseconds,
      roundTripMilliseconds: this.#timing.roundTripMilliseconds,
    });
    this.#raft.setElectionTicks(this.#electionTicks);
  }

  /** Who has not answered for this long is away. */
  #patienceMilliseconds(): number {
    return 2 * this.#electionTicks * this.tickMilliseconds;
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#timing.sent(message, this.#patienceMilliseconds());
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
      this.#toApply.push(...ready.committed);
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

  /** Puts the state that a snapshot brought in the place of ours. */
  #installState(meta: SnapshotMeta): void {
    this.#machine.close();
    this.#options.state.finishReplacing();
    this.#machine = this.#options.state.open();
    this.#toApply = this.#toApply.filter((entry) => entry.index > meta.index);
    this.#options.log.info({ index: meta.index }, 'took a snapshot from the leader');
    this.#pending.applied(this.#machine.applied().index, new Map(), []);
    this.#options.onApplied();
  }

  #apply(): void {
    if (this.#cancelApplyRetry !== null || this.#closed) return;
    const count = this.#toApply.findIndex((entry) => entry.index > this.#persisting.durableIndex);
    const entries = count < 0 ? this.#toApply : this.#toApply.slice(0, count);
    if (entries.length > 0 || this.#machine.isBehind) {
      try {
        const results = this.#machine.apply(entries, decodeConfiguration);
        this.#toApply = this.#toApply.slice(entries.length);
        this.#clearObstacle();
        this.#afterApply(entries, results);
      } catch (error) {
        this.#applyFailed(error);
      }
    }
    this.#pending.servable(this.#machine.applied().index);
  }

  #afterApply(entries: readonly Entry[], results: ReadonlyMap<LogIndex, CommandResult>): void {
    const { index } = this.#machine.applied();
    this.#raft.applied(index);
    this.#pending.applied(index, results, entries);
    this.#options.onApplied();
    this.#compaction.consider(index);
    if (this.#machine.hasUncommitted) this.#commitSoon();
    if (this.#raft.hasReady()) this.#actSoon();
  }

  /** Commits to the state's file are few, to spare the disk: the log has everything already. */
  #commitSoon(): void {
    this.#cancelCommit ??= this.#options.surroundings.clock.after(commitMilliseconds, () => this.#commit());
  }

  #commit(): void {
    this.#cancelCommit?.();
    this.#cancelCommit = null;
    if (this.#closed) return;
    try {
      this.#machine.commit();
    } catch (error) {
      this.#applyFailed(error);
    }
  }

  #applyFailed(error: unknown): void {
    if (!(error instanceof StateError) || error.code !== 'full') {
      this.#fail(`The state cannot be written: ${messageOf(error)}`);
      return;
    }
    this.#setObstacle(diskFullText);
    this.#cancelApplyRetry ??= this.#options.surroundings.clock.after(retryMilliseconds, () => {
      this.#cancelApplyRetry = null;
      this.#apply();
    });
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

  #setObstacle(text: string): void {
    if (this.#obstacle === null) this.#options.log.error(text);
    this.#obstacle = text;
  }

  #clearObstacle(): void {
    if (this.#obstacle !== null) this.#options.log.info('storing works again');
    this.#obstacle = null;
  }

  #fail(message: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTicks();
    this.#pending.failAll();
    this.#options.onFatal(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
