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
import { isSpaceLow } from './free-space.ts';
import type { LogStorage } from './log/log-storage.ts';
import { PendingWork } from './pending-work.ts';
import { PersistQueue } from './persist-queue.ts';
import { blankBase, type RecoveredStorage, recoverStorage } from './recovery.ts';
import { type MadeSnapshot, OutgoingSnapshots } from './snapshots.ts';
import { beginReplacingState, finishReplacingState, removeState, type StoragePaths } from './state-files.ts';
import { type Command, type CommandResult, encodeCommand } from './state-machine/commands.ts';
import { openStateMachine, type StateMachine } from './state-machine/state-machine.ts';
import { StateError } from './state-machine/tables.ts';
import type { StorageThread } from './storage-thread.ts';

export interface ReplicaOptions {
  readonly id: NodeId;
  readonly paths: StoragePaths;
  /** Given once, by the node that starts the cluster. */
  readonly founder: boolean;
  readonly heartbeatMilliseconds: number;
  readonly electionMilliseconds: number;
  readonly keepEntries: number;
  readonly compactEvery: number;
  readonly storage: StorageThread;
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
const diskFullText = 'The disk is full: nothing can be stored until space is free again.';

export class Replica {
  readonly #options: ReplicaOptions;
  readonly #log: LogStorage;
  readonly #pending = new PendingWork();
  readonly #persisting: PersistQueue;
  readonly #snapshots: OutgoingSnapshots;
  #machine: StateMachine;
  #raft: Raft;
  #clock: NodeJS.Timeout;
  #toApply: Entry[] = [];
  #applyRetry: NodeJS.Timeout | undefined;
  #compacting = false;
  /** Why the node cannot store anything at the moment; null when it can. */
  #obstacle: string | null = null;
  #closed = false;
  #paused = false;

  /** Recovers the node's storage and starts taking part. Throws what `recoverStorage` throws. */
  static async open(options: ReplicaOptions): Promise<Replica> {
    return new Replica(options, await recoverStorage(options.paths, options.founder ? options.id : null));
  }

  private constructor(options: ReplicaOptions, storage: RecoveredStorage) {
    this.#options = options;
    this.#log = storage.log;
    this.#machine = storage.machine;
    const { hardState } = storage.log.recovered;
    const lastIndex = storage.entries.at(-1)?.index ?? storage.base.index;
    this.#persisting = new PersistQueue(storage.log, hardState, lastIndex, {
      installState: (meta) => this.#installState(meta),
      onDurable: (batch) => this.#durable(batch),
      onFull: (full) => (full ? this.#setObstacle(diskFullText) : this.#clearObstacle()),
      onFailed: (error) => this.#fail(`The consensus log cannot be written: ${messageOf(error)}`),
    });
    this.#snapshots = new OutgoingSnapshots(options.storage, options.paths);
    this.#raft = this.#createRaft(hardState, storage.base, storage.entries);
    this.#clock = setInterval(() => this.#tick(), options.heartbeatMilliseconds);
    if (options.founder) this.#standAtOnce();
    this.#act();
  }

  get machine(): StateMachine {
    return this.#machine;
  }

  /** Why the node takes no writes at the moment; null when it does. */
  get obstacle(): string | null {
    return this.#obstacle ?? (isSpaceLow(this.#options.paths.log) ? diskFullText : null);
  }

  /** How long the log's last writes took to be durable. */
  get syncMilliseconds(): readonly number[] {
    return this.#log.statistics().syncMilliseconds;
  }

  status(): RaftStatus {
    return this.#raft.status();
  }

  /** Takes a message that a peer sent. */
  step(message: Message): void {
    if (this.#closed || this.#paused) return;
    this.#raft.step(message);
    this.#act();
  }

  /**
   * Proposes a command on the leader. Resolves when it is applied here; rejects with `LostError` when another
   * leader's entry took its place: propose it again under the same id.
   */
  propose(
    command: Command,
  ): ProposalOutcome | { readonly kind: 'proposed'; readonly result: Promise<CommandResult> } {
    const { obstacle } = this;
    if (obstacle !== null) return { kind: 'busy', reason: obstacle };
    const outcome = this.#raft.propose(encodeCommand(command));
    if (outcome.kind !== 'accepted') return outcome;
    const result = this.#pending.expectResult(outcome.index, outcome.term);
    this.#act();
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

  /** Resolves with true once the state here holds everything that was committed before the call; false: ask again. */
  linearize(): Promise<boolean> {
    const read = this.#pending.expectRead(this.#options.electionMilliseconds);
    this.#raft.requestRead(read.context);
    this.#act();
    return read.done;
  }

  /** Forgets log and state, but not the votes given: this node holds no data any more (a spare). */
  async becomeBlank(): Promise<void> {
    // The old core must not go on while the log is taken from under it.
    this.#paused = true;
    await this.#settled();
    await this.#log.reset(blankBase);
    this.#machine.close();
    removeState(this.#options.paths.state);
    this.#machine = openStateMachine(this.#options.paths.state);
    this.#persisting.restart(blankBase.index);
    this.#toApply = [];
    const { hardState } = this.#persisting;
    const votes = hardState && { ...hardState, commit: blankBase.index };
    this.#raft = this.#createRaft(votes, blankBase, []);
    this.#paused = false;
    this.#options.onApplied();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#persisting.close();
    clearInterval(this.#clock);
    clearTimeout(this.#applyRetry);
    this.#pending.failAll();
    await this.#settled();
    await this.#log.close();
    this.#machine.close();
  }

  #createRaft(hardState: HardState | null, base: SnapshotMeta, entries: readonly Entry[]): Raft {
    const { id, heartbeatMilliseconds, electionMilliseconds } = this.#options;
    const raft = new Raft({
      id,
      recovered: { hardState, base, entries },
      electionTicks: Math.max(2, Math.round(electionMilliseconds / heartbeatMilliseconds)),
      heartbeatTicks: 1,
      random: Math.random,
    });
    raft.applied(this.#machine.applied().index);
    return raft;
  }

  /** Whoever starts a cluster is its only voter: nobody else could be leading, so there is nothing to wait for. */
  #standAtOnce(): void {
    const { voters } = this.#raft.status().configuration;
    const alone = voters.length === 1 && voters[0] === this.#options.id;
    for (let ticks = 0; alone && this.#raft.status().role === 'follower' && ticks < 10_000; ticks += 1)
      this.#raft.tick();
  }

  #tick(): void {
    if (this.#paused) return;
    this.#raft.tick();
    this.#act();
  }

  /** Does what the core wants done, until it wants nothing more. */
  #act(): void {
    while (!this.#closed && !this.#paused && this.#raft.hasReady()) {
      const ready = this.#raft.takeReady();
      for (const message of ready.messages) this.#options.send(message);
      // Set aside at once: another transfer may begin before this one is installed.
      if (ready.snapshot) beginReplacingState(this.#options.paths);
      this.#toApply.push(...ready.committed);
      this.#persisting.push(ready);
      for (const { to, session } of ready.snapshotsToSend) void this.#sendSnapshot(to, session);
      for (const read of ready.reads) this.#pending.readConfirmed(read.context, read.index);
    }
    void this.#persisting.run();
    this.#apply();
  }

  #durable(batch: readonly Ready[]): void {
    for (const ready of batch) {
      if (!this.#closed) for (const message of ready.messagesAfterPersist) this.#options.send(message);
      this.#raft.persisted(ready.number);
    }
    this.#act();
  }

  /** Puts the state that a snapshot brought in the place of ours. */
  #installState(meta: SnapshotMeta): void {
    this.#machine.close();
    finishReplacingState(this.#options.paths);
    this.#machine = openStateMachine(this.#options.paths.state);
    this.#toApply = this.#toApply.filter((entry) => entry.index > meta.index);
    this.#options.log.info({ index: meta.index }, 'took a snapshot from the leader');
    this.#pending.applied(this.#machine.applied().index, new Map(), []);
    this.#options.onApplied();
  }

  #apply(): void {
    if (this.#applyRetry !== undefined || this.#closed) return;
    const count = this.#toApply.findIndex((entry) => entry.index > this.#persisting.durableIndex);
    const entries = count < 0 ? this.#toApply : this.#toApply.slice(0, count);
    if (entries.length > 0) {
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
    void this.#compactIfDue(index);
    if (this.#raft.hasReady()) queueMicrotask(() => this.#act());
  }

  #applyFailed(error: unknown): void {
    if (!(error instanceof StateError) || error.code !== 'full') {
      this.#fail(`The state cannot be written: ${messageOf(error)}`);
      return;
    }
    this.#setObstacle(diskFullText);
    this.#applyRetry = setTimeout(() => {
      this.#applyRetry = undefined;
      this.#apply();
    }, retryMilliseconds);
  }

  /** Bounds the log: once the state is durable by itself, entries far behind are needed by nobody. */
  async #compactIfDue(applied: LogIndex): Promise<void> {
    const { keepEntries, compactEvery, storage, paths } = this.#options;
    const due = applied - this.#raft.status().firstIndex >= keepEntries + compactEvery;
    if (!due || this.#compacting) return;
    this.#compacting = true;
    try {
      if (await storage.checkpoint(paths.state)) {
        const meta = this.#raft.compact((applied - keepEntries) as LogIndex);
        await this.#log.compact(meta);
      }
    } catch (error) {
      this.#options.log.warn(
        { reason: messageOf(error) },
        'the log could not be compacted; trying again later',
      );
    }
    this.#compacting = false;
  }

  async #sendSnapshot(to: NodeId, session: number): Promise<void> {
    const { shipSnapshot, log } = this.#options;
    try {
      const index = await this.#snapshots.send((made) => shipSnapshot(made, to));
      this.#raft.snapshotSent(to, session, index);
    } catch (error) {
      log.warn({ to, reason: messageOf(error) }, 'a snapshot did not reach its node; trying again');
      this.#raft.snapshotFailed(to, session);
    }
    this.#act();
  }

  async #settled(): Promise<void> {
    await this.#persisting.settled();
    while (this.#compacting) await new Promise((resolve) => setTimeout(resolve, 5));
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
    clearInterval(this.#clock);
    this.#pending.failAll();
    this.#options.onFatal(message);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
