/**
 * The store's core over this node's replica: a leader applies, another replica forwards writes and reads after asking
 * the leader where it stands, a spare asks the leader for everything. Waits out elections, up to a limit.
 */
import * as z from 'zod';
import type { NodeId } from '../raft/types.ts';
import { type Cancel, pause, type Surroundings } from './clock.ts';
import { Commands } from './commands-in-flight.ts';
import { Housekeeping } from './housekeeping.ts';
import { Leases } from './leases.ts';
import { LiveStream } from './live-stream.ts';
import { LostError } from './pending-work.ts';
import type { Replica } from './replica.ts';
import { SnapshotReaders } from './snapshot-readers.ts';
import { decodeCommand, encodeBody } from './state-machine/command-codec.ts';
import { type CommandBody, type CommandResult, findProblem } from './state-machine/commands.ts';
import type { ChangesPage, Page, StoredLease } from './state-machine/reading.ts';
import { decodeResult, encodeResult } from './state-machine/result-codec.ts';
import {
  type Alarm,
  type LeaseInfo,
  StoreError,
  type StoreErrorCode,
  type StoreMember,
  type StoreStatus,
} from './store.ts';
import type { CorePage, CorePageQuery, LiveChanges, OpenedSnapshot, StoreCore } from './store-core.ts';

/** How the store reaches the other nodes, and what it cannot know by itself. */
export interface StoreNetwork {
  /** The leader as far as this node knows, also when it is no replica. */
  leader(): NodeId | null;
  /** Rejects with an error whose `code` is the other side's, or that of a failed connection. */
  request(
    to: NodeId,
    method: string,
    params: Record<string, unknown>,
    timeoutMilliseconds: number,
  ): Promise<unknown>;
  /** In a sentence: why there is no leader and what to do. */
  explainUnavailable(): string;
  clusterId(): string;
  members(): readonly StoreMember[];
}

export interface CoreOptions extends Surroundings {
  readonly version: string;
  readonly spaceLimitBytes: number;
  readonly keepRevisions: number;
  readonly log: (message: string) => void;
}

const limitMilliseconds = 10_000;
const attemptMilliseconds = 3_000;
const pauseMilliseconds = 20;
const pollMilliseconds = 10_000;
/** Making a copy of a large state takes its time. */
const snapshotMilliseconds = 60_000;
const revisionsAtOnce = 500;
/** How long an answer waits for this node to have applied what was written through it. */
const appliedHereMilliseconds = 1_000;
const rowsInAHashStep = 500;
const pagesInADefragmentStep = 64;
/** Errors of the other side that repeating does not mend. */
const finalCodes: readonly StoreErrorCode[] = [
  ...(['invalid', 'tooLarge', 'keyNotFound', 'compacted', 'future'] as const),
  ...(['leaseNotFound', 'leaseExists', 'noSpace'] as const),
];

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const whole = z.int().min(0);
const pageParams = z.object({
  key: bytes,
  end: bytes.optional(),
  revision: whole,
  mostItems: whole,
  keysOnly: z.boolean(),
  serializable: z.boolean(),
  count: z.boolean(),
});
const changesParams = z.object({ from: whole, previous: z.boolean(), wait: whole.max(60_000) });
const pieceParams = z.object({ id: whole, offset: whole });
const leaseParams = z.object({ id: whole, withKeys: z.boolean().default(false) });

export class ReplicatedCore implements StoreCore {
  readonly #replica: Replica;
  readonly #network: StoreNetwork;
  readonly #options: CoreOptions;
  readonly #commands: Commands;
  readonly #leases: Leases;
  readonly #housekeeping: Housekeeping;
  readonly #live: LiveStream;
  readonly #snapshots: SnapshotReaders;
  /** Copies that another node holds for this one, by their negative id, and who holds them. */
  readonly #remoteSnapshots = new Map<number, NodeId>();
  /** Reads that wait for one question to the leader; the next one begins when the present has its answer. */
  #asking: Promise<boolean> | null = null;
  #askingNext: Promise<boolean> | null = null;
  /** Called when another node leads than the one asked. */
  readonly #untilLed = new Set<() => void>();
  #stopLooking: Cancel | null = null;

  constructor(replica: Replica, network: StoreNetwork, options: CoreOptions) {
    this.#replica = replica;
    this.#network = network;
    this.#options = options;
    const { clock, random } = options;
    this.#commands = new Commands(random);
    this.#leases = new Leases({
      clock,
      leadingTerm: () => (this.#leads() ? replica.status().term : null),
      changes: () => replica.machine.leaseChanges,
      stored: () => replica.machine.view.leases(),
      revoke: (lease) => this.#endLease(lease),
    });
    this.#housekeeping = new Housekeeping({
      ...{ clock, id: replica.status().id, leases: this.#leases },
      ...{ spaceLimitBytes: options.spaceLimitBytes, keepRevisions: options.keepRevisions },
      isLeader: () => this.#leads(),
      machine: () => replica.machine,
      execute: (body) => this.execute(body),
      log: options.log,
    });
    this.#live = new LiveStream({
      clock,
      local: () => (this.#followsLog() ? replica.machine.view : null),
      // Nothing happens in the far future: the answer comes at once and says where the leader stands.
      remote: (from, previous) =>
        from === null
          ? this.#pollChanges(Number.MAX_SAFE_INTEGER, previous, 0)
          : this.#pollChanges(from, previous),
    });
    this.#snapshots = new SnapshotReaders(() => replica.copyState(), clock);
  }

  /** Call when the replica applied something: watches look. */
  stateChanged(): void {
    this.#live.applied();
  }

  close(): void {
    this.#housekeeping.close();
    this.#live.close();
    this.#snapshots.close();
    this.#stopLooking?.();
  }

  execute(body: CommandBody): Promise<CommandResult> {
    return this.executeEncoded(encodeBody(body));
  }

  async executeEncoded(body: Uint8Array): Promise<CommandResult> {
    const command = this.#commands.begin(body);
    let result: CommandResult | null = null;
    try {
      result = await this.#untilServed(() => {
        if (this.#replica.status().role === 'leader') return this.#proposeHere(command.data);
        return this.#forward(command.data);
      });
      return result;
    } finally {
      command.end(result);
    }
  }

  /**
   * Who wrote at this node reads its write here next, also serializably, in a watch or a checksum; as with etcd, whose
   * members answer a write when they have applied it. A node that lags far behind does not hold the answer back.
   */
  async #untilAppliedHere(result: CommandResult): Promise<void> {
    if (this.#followsLog()) await this.#live.reached(result.revision, appliedHereMilliseconds);
  }

  page(query: CorePageQuery): Promise<CorePage> {
    return this.#untilServed(async () => {
      if (!this.#followsLog()) return this.#ask<CorePage>('store.page', { ...query }, attemptMilliseconds);
      if (!query.serializable && !(await this.#linearize())) return null;
      return this.#readPage(query);
    });
  }

  changes(from: number, previous: boolean): Promise<ChangesPage> {
    return this.#untilServed(async () => {
      if (!this.#followsLog()) return this.#pollChanges(from, previous, 0);
      return this.#replica.machine.view.changes(from, revisionsAtOnce, previous);
    });
  }

  async revision(): Promise<number> {
    if (this.#followsLog()) return this.#replica.machine.view.number('revision');
    const page = await this.page({
      ...{ key: new Uint8Array([1]), end: undefined, revision: 0, mostItems: 0 },
      ...{ keysOnly: true, serializable: true, count: false },
    });
    return page.kind === 'page' ? page.revision : 0;
  }

  listen(previous: boolean, listener: (live: LiveChanges) => void): () => void {
    return this.#live.listen(previous, listener);
  }

  keepLeaseAlive(id: number): Promise<number> {
    return this.#untilServed(() => {
      if (this.#leads()) return this.#renewHere(id);
      return this.#ask<number>('store.keepLeaseAlive', { id }, attemptMilliseconds);
    });
  }

  lease(id: number, withKeys: boolean): Promise<LeaseInfo> {
    return this.#untilServed(() => {
      if (this.#leads()) return this.#leaseHere(id, withKeys);
      return this.#ask<LeaseInfo>('store.lease', { id, withKeys }, attemptMilliseconds);
    });
  }

  leases(): Promise<readonly number[]> {
    return this.#untilServed(async () => {
      if (!this.#followsLog()) return this.#ask<readonly number[]>('store.leases', {}, attemptMilliseconds);
      return (await this.#linearize()) ? this.#replica.machine.view.leases().map(({ id }) => id) : null;
    });
  }

  async status(): Promise<StoreStatus> {
    const status = this.#replica.status();
    const { view } = this.#replica.machine;
    const size = view.size();
    return {
      clusterId: this.#network.clusterId(),
      memberId: status.id,
      version: this.#options.version,
      leader: this.#network.leader(),
      raftTerm: status.term,
      raftIndex: status.commit,
      appliedIndex: this.#replica.machine.applied().index,
      revision: view.number('revision'),
      sizeBytes: size.bytes,
      sizeInUseBytes: size.inUse,
      learner: !status.configuration.voters.includes(status.id),
      alarms: view.alarms(),
      members: this.#network.members(),
    };
  }

  async disarm(alarm: Alarm): Promise<void> {
    await this.execute({ kind: 'disarm', alarm });
  }

  async defragment(): Promise<void> {
    while (this.#replica.machine.releasePages(pagesInADefragmentStep)) await pause(this.#options.clock, 1);
  }

  async hash(revision: number): Promise<Awaited<ReturnType<StoreCore['hash']>>> {
    for (;;) {
      const { machine } = this.#replica;
      const newest = machine.view.number('revision');
      const oldest = machine.view.number('compactedRevision');
      if (revision > newest) throw new StoreError('future', `revision ${revision} is in the future`, newest);
      if (revision > 0 && revision < oldest)
        throw new StoreError('compacted', `revision ${revision} is compacted`, oldest);
      const hashing = machine.hashing(revision === 0 ? newest : revision);
      let hash = hashing.step(rowsInAHashStep);
      // A compaction, or another state in its place, changes what there is to read.
      const isSame = (): boolean =>
        this.#replica.machine === machine &&
        machine.view.number('compactedRevision') === hashing.compactedRevision;
      while (hash === null && isSame()) {
        await pause(this.#options.clock, 1);
        if (isSame()) hash = hashing.step(rowsInAHashStep);
      }
      if (hash !== null && isSame())
        return { hash, revision: hashing.revision, compactedRevision: hashing.compactedRevision };
    }
  }

  /** A spare has nothing to copy: the leader makes the copy for it. */
  async openSnapshot(): Promise<OpenedSnapshot> {
    if (this.#replica.machine.applied().index > 0) return this.#snapshots.open();
    const leader = this.#network.leader();
    const opened = await this.#untilServed(() =>
      this.#ask<OpenedSnapshot>('store.openSnapshot', {}, snapshotMilliseconds),
    );
    if (leader !== null) this.#remoteSnapshots.set(-opened.id, leader);
    return { ...opened, id: -opened.id };
  }

  async snapshotPiece(id: number, offset: number): Promise<Uint8Array> {
    if (id > 0) return this.#snapshots.piece(id, offset);
    return (await this.#askHolder(id, 'store.snapshotPiece', { id: -id, offset })) as Uint8Array;
  }

  async closeSnapshot(id: number): Promise<void> {
    if (id > 0) return this.#snapshots.end(id);
    await this.#askHolder(id, 'store.closeSnapshot', { id: -id });
    this.#remoteSnapshots.delete(id);
  }

  /** Asks the node that holds a copy. */
  async #askHolder(id: number, method: string, params: Record<string, unknown>): Promise<unknown> {
    const holder = this.#remoteSnapshots.get(id);
    if (holder === undefined) throw new StoreError('unavailable', 'This copy of the datastore is closed.');
    try {
      return await this.#network.request(holder, method, params, snapshotMilliseconds);
    } catch (error) {
      throw new StoreError('unavailable', error instanceof Error ? error.message : String(error));
    }
  }

  /** Answers another node's request; null when the method is none of the store's. */
  serve(method: string, params: Record<string, unknown>): Promise<unknown> | null {
    switch (method) {
      case 'store.propose':
        return this.#serveProposal(params.command);
      case 'store.page':
        return this.#servePage(params);
      case 'store.changes':
        return this.#serveChanges(params);
      case 'store.keepLeaseAlive':
        return this.#served(this.#renewHere(leaseParams.parse(params).id));
      case 'store.lease': {
        const { id, withKeys } = leaseParams.parse(params);
        return this.#served(this.#leaseHere(id, withKeys));
      }
      case 'store.leases':
        return this.#serveLeases();
      case 'store.openSnapshot':
        return this.#snapshots.open();
      case 'store.snapshotPiece': {
        const { id, offset } = pieceParams.parse(params);
        return this.#snapshots.piece(id, offset);
      }
      case 'store.closeSnapshot':
        return this.#snapshots.end(leaseParams.parse(params).id);
      default:
        return null;
    }
  }

  /** Whether this node leads and its state is as new as its leadership. */
  #leads(): boolean {
    return this.#replica.status().role === 'leader';
  }

  /** Whether the state here follows the leader's: not on a spare, and not on a node that has lost touch. */
  #followsLog(): boolean {
    const { id, configuration, leader } = this.#replica.status();
    if (leader === null) return false;
    const { voters, outgoing, learners } = configuration;
    return voters.includes(id) || outgoing.includes(id) || learners.includes(id);
  }

  #readPage(query: CorePageQuery): CorePage {
    const { view } = this.#replica.machine;
    const page: Page = view.page(query);
    if (page.kind !== 'page' || !query.count) return page;
    return { ...page, count: page.next === null ? page.items.length : view.count(query, query.revision) };
  }

  /** null: try again; the command's id keeps it from being applied twice. */
  async #proposeHere(data: Uint8Array): Promise<CommandResult | null> {
    const outcome = this.#replica.propose(data);
    if (outcome.kind !== 'proposed') return null;
    try {
      return await this.#within(outcome.result, attemptMilliseconds);
    } catch (error) {
      if (error instanceof LostError) return null;
      throw error;
    }
  }

  async #forward(data: Uint8Array): Promise<CommandResult | null> {
    const answer = await this.#ask<Uint8Array>('store.propose', { command: data }, 2 * attemptMilliseconds);
    if (answer === null) return null;
    const result = decodeResult(answer);
    await this.#untilAppliedHere(result);
    return result;
  }

  /** Only in the term in which the time ran out: a later leader has given the lease its full time again. */
  async #endLease(lease: StoredLease): Promise<void> {
    const command = this.#commands.begin(
      encodeBody({ kind: 'revokeLease', lease: lease.id, granted: lease.granted }),
    );
    let result: CommandResult | null = null;
    try {
      result = await this.#proposeHere(command.data);
      if (result === null) throw new StoreError('unavailable', 'the end of a lease was not committed');
    } finally {
      command.end(result);
    }
  }

  /** The time counts from before the leader made sure that it leads: another leader's clock begins later. */
  async #renewHere(id: number): Promise<number | null> {
    const since = this.#options.clock.now();
    if (!this.#leads() || !(await this.#linearize()) || !this.#leads()) return null;
    const seconds = this.#leases.renew(id, since);
    if (seconds === null) throw new StoreError('leaseNotFound', `lease ${id} does not exist`);
    return seconds;
  }

  async #leaseHere(id: number, withKeys: boolean): Promise<LeaseInfo | null> {
    if (!this.#leads() || !(await this.#linearize()) || !this.#leads()) return null;
    const { view } = this.#replica.machine;
    const lease = view.lease(id);
    const remaining = this.#leases.remaining(id);
    if (lease === null || remaining === null)
      return { id, grantedSeconds: 0, remainingSeconds: -1, keys: [] };
    const keys = withKeys ? view.leaseKeys(id) : [];
    return { id, grantedSeconds: lease.seconds, remainingSeconds: Math.ceil(remaining), keys };
  }

  /** One question to the leader serves all reads that came before it was asked. */
  #linearize(): Promise<boolean> {
    if (this.#asking === null) {
      this.#asking = this.#replica.linearize().finally(() => {
        this.#asking = null;
      });
      return this.#asking;
    }
    this.#askingNext ??= this.#asking.then(
      () => this.#nextQuestion(),
      () => this.#nextQuestion(),
    );
    return this.#askingNext;
  }

  #nextQuestion(): Promise<boolean> {
    this.#askingNext = null;
    return this.#linearize();
  }

  /** Asks the leader; null when it does not answer, or another one leads meanwhile: try again. */
  async #ask<Result>(
    method: string,
    params: Record<string, unknown>,
    milliseconds: number,
  ): Promise<Result | null> {
    const leader = this.#network.leader();
    if (leader === null || leader === this.#replica.status().id) return null;
    const replaced = this.#untilReplaced(leader);
    try {
      const answer = this.#network.request(leader, method, params, milliseconds) as Promise<Result>;
      return await Promise.race([answer, replaced.promise]);
    } catch (error) {
      const { code, message, revision } = error as { code?: string; message: string; revision?: number };
      const final = finalCodes.find((each) => each === code);
      if (final !== undefined) throw new StoreError(final, message, revision);
      return null;
    } finally {
      replaced.stop();
    }
  }

  /** Resolves with null when another node than `leader` leads: a machine without power never answers. */
  #untilReplaced(leader: NodeId): { readonly promise: Promise<null>; readonly stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<null>();
    const look = (): void => {
      const present = this.#network.leader();
      if (present !== null && present !== leader) resolve(null);
    };
    this.#untilLed.add(look);
    this.#stopLooking ??= this.#options.clock.every(pauseMilliseconds, () => {
      for (const each of this.#untilLed) each();
    });
    const stop = (): void => {
      this.#untilLed.delete(look);
      if (this.#untilLed.size > 0) return;
      this.#stopLooking?.();
      this.#stopLooking = null;
    };
    return { promise, stop };
  }

  async #untilServed<Result>(attempt: () => Promise<Result | null>): Promise<Result> {
    const { clock } = this.#options;
    const began = clock.now();
    for (;;) {
      const result = await attempt();
      if (result !== null) return result;
      if (clock.now() - began > limitMilliseconds) {
        throw new StoreError('unavailable', this.#replica.obstacle ?? this.#network.explainUnavailable());
      }
      await pause(clock, pauseMilliseconds);
    }
  }

  /** Resolves with null when the time is over first. */
  #within<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(milliseconds, () => resolve(null));
      promise.then(resolve, reject).finally(cancel);
    });
  }

  async #serveProposal(data: unknown): Promise<Uint8Array> {
    const command = data instanceof Uint8Array ? decodeCommand(data) : null;
    if (command === null) throw new StoreError('invalid', 'the command cannot be read by this version');
    const problem = findProblem(command.body);
    if (problem !== null) throw new StoreError(problem.code, problem.text);
    if (!this.#leads()) throw new StoreError('notLeader', 'This node does not lead.');
    const result = await this.#proposeHere(data as Uint8Array);
    if (result === null) throw new StoreError('unavailable', 'The leader could not commit it now.');
    this.#replica.tellCommit();
    return encodeResult(result);
  }

  async #servePage(params: unknown): Promise<CorePage> {
    const query = pageParams.parse(params);
    if (!this.#followsLog() || !(await this.#linearize()))
      throw new StoreError('unavailable', 'This node cannot read now.');
    return this.#readPage({ ...query, end: query.end });
  }

  /** A long poll: answers as soon as there is a change, or with nothing new when the wait is over. */
  async #serveChanges(params: unknown): Promise<ChangesPage> {
    const { from, previous, wait } = changesParams.parse(params);
    if (!this.#followsLog()) throw new StoreError('unavailable', 'This node holds no data.');
    await this.#live.reached(from, wait);
    return this.#replica.machine.view.changes(from, revisionsAtOnce, previous);
  }

  async #serveLeases(): Promise<readonly number[]> {
    if (!this.#followsLog() || !(await this.#linearize()))
      throw new StoreError('unavailable', 'This node cannot read now.');
    return this.#replica.machine.view.leases().map(({ id }) => id);
  }

  async #served<Result>(work: Promise<Result | null>): Promise<Result> {
    const result = await work;
    if (result === null) throw new StoreError('notLeader', 'This node does not lead.');
    return result;
  }

  #pollChanges(from: number, previous: boolean, wait = pollMilliseconds): Promise<ChangesPage | null> {
    return this.#ask<ChangesPage>('store.changes', { from, previous, wait }, wait + attemptMilliseconds);
  }
}
