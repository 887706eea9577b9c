/**
 * The store's core over this node's replica: a leader applies, another replica forwards writes and reads after asking
 * the leader where it stands, a spare asks the leader for everything. Waits out elections, up to a limit.
 */
import { z } from 'zod';
import { pause, type Surroundings } from './clock.ts';
import { Commands } from './commands-in-flight.ts';
import { copyAtLeader } from './copy-at-leader.ts';
import { Housekeeping } from './housekeeping.ts';
import { LeaderClient, type LeaderNetwork } from './leader-client.ts';
import { Leases } from './leases.ts';
import { LiveStream } from './live-stream.ts';
import { LostError } from './pending-work.ts';
import type { Replica } from './replica.ts';
import { SharedQuestion } from './shared-question.ts';
import { SnapshotReaders } from './snapshot-readers.ts';
import { hashInSteps } from './state-hash.ts';
import { decodeCommand, encodeBody } from './state-machine/command-codec.ts';
import { type CommandBody, type CommandResult, findProblem } from './state-machine/commands.ts';
import type { ChangesPage, Page, StoredLease } from './state-machine/reading.ts';
import { decodeResult, encodeResult } from './state-machine/result-codec.ts';
import {
  type Alarm,
  type LeaseInfo,
  StoreError,
  type StoreHash,
  type StoreMember,
  type StoreStatus,
} from './store.ts';
import type { CorePage, CorePageQuery, LiveChanges, OpenedSnapshot, StoreCore } from './store-core.ts';

/** How the store reaches the other nodes, and what it cannot know by itself. */
export interface StoreNetwork extends LeaderNetwork {
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

const attemptMilliseconds = 3_000;
const pollMilliseconds = 10_000;
const revisionsAtOnce = 500;
/** How long an answer waits for this node to have applied what was written through it. */
const appliedHereMilliseconds = 1_000;
const pagesInADefragmentStep = 64;

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
  readonly #leader: LeaderClient;
  /** True once the state here holds everything that was committed before it was asked. */
  readonly #newest: SharedQuestion;

  constructor(replica: Replica, network: StoreNetwork, options: CoreOptions) {
    this.#replica = replica;
    this.#network = network;
    this.#options = options;
    const { clock, random } = options;
    this.#commands = new Commands(random);
    this.#leader = new LeaderClient({
      ...{ network, clock, id: replica.status().id },
      explainUnavailable: () => replica.obstacle ?? network.explainUnavailable(),
    });
    this.#newest = new SharedQuestion(() => replica.linearize());
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
    // A spare has nothing to copy: the leader makes the copy for it.
    const isSpare = (): boolean => replica.machine.applied().index === 0;
    this.#snapshots = new SnapshotReaders(
      () => (isSpare() ? copyAtLeader(this.#leader, network) : replica.copyState()),
      clock,
    );
  }

  /** Call when the replica applied something: watches look. */
  stateChanged(): void {
    this.#live.applied();
  }

  close(): void {
    this.#housekeeping.close();
    this.#live.close();
    this.#snapshots.close();
    this.#leader.close();
  }

  execute(body: CommandBody): Promise<CommandResult> {
    return this.executeEncoded(encodeBody(body));
  }

  async executeEncoded(body: Uint8Array): Promise<CommandResult> {
    const command = this.#commands.begin(body);
    let result: CommandResult | null = null;
    try {
      result = await this.#leader.untilServed(() => {
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
    return this.#leader.untilServed(async () => {
      if (!this.#followsLog())
        return this.#leader.ask<CorePage>('store.page', { ...query }, attemptMilliseconds);
      if (!query.serializable && !(await this.#newest.answer())) return null;
      return this.#readPage(query);
    });
  }

  changes(from: number, previous: boolean): Promise<ChangesPage> {
    return this.#leader.untilServed(async () => {
      if (!this.#followsLog()) return this.#pollChanges(from, previous, 0);
      return this.#replica.machine.view.changes(from, revisionsAtOnce, previous);
    });
  }

  revision({ serializable }: Pick<CorePageQuery, 'serializable'>): Promise<number> {
    return this.#leader.untilServed(async () => {
      if (!this.#followsLog()) return this.#revisionAtLeader();
      if (!serializable && !(await this.#newest.answer())) return null;
      return this.#replica.machine.view.number('revision');
    });
  }

  listen(previous: boolean, listener: (live: LiveChanges) => void): () => void {
    return this.#live.listen(previous, listener);
  }

  keepLeaseAlive(id: number): Promise<number> {
    return this.#leader.untilServed(() => {
      if (this.#leads()) return this.#renewHere(id);
      return this.#leader.ask<number>('store.keepLeaseAlive', { id }, attemptMilliseconds);
    });
  }

  lease(id: number, withKeys: boolean): Promise<LeaseInfo> {
    return this.#leader.untilServed(() => {
      if (this.#leads()) return this.#leaseHere(id, withKeys);
      return this.#leader.ask<LeaseInfo>('store.lease', { id, withKeys }, attemptMilliseconds);
    });
  }

  leases(): Promise<readonly number[]> {
    return this.#leader.untilServed(async () => {
      if (!this.#followsLog())
        return this.#leader.ask<readonly number[]>('store.leases', {}, attemptMilliseconds);
      return (await this.#newest.answer()) ? this.#replica.machine.view.leases().map(({ id }) => id) : null;
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

  hash(revision: number): Promise<StoreHash> {
    return hashInSteps(() => this.#replica.machine, revision, this.#options.clock);
  }

  openSnapshot(): Promise<OpenedSnapshot> {
    return this.#snapshots.open();
  }

  snapshotPiece(id: number, offset: number): Promise<Uint8Array> {
    return this.#snapshots.piece(id, offset);
  }

  closeSnapshot(id: number): Promise<void> {
    return this.#snapshots.end(id);
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

  /** Any page says where the leader stands. */
  async #revisionAtLeader(): Promise<number | null> {
    const query = { key: new Uint8Array([1]), revision: 0, mostItems: 0, keysOnly: true, count: false };
    const page = await this.#leader.ask<CorePage>(
      'store.page',
      { ...query, serializable: false },
      attemptMilliseconds,
    );
    return page?.kind === 'page' ? page.revision : null;
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
    const answer = await this.#leader.ask<Uint8Array>(
      'store.propose',
      { command: data },
      2 * attemptMilliseconds,
    );
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
    if (!this.#leads() || !(await this.#newest.answer()) || !this.#leads()) return null;
    const seconds = this.#leases.renew(id, since);
    if (seconds === null) throw new StoreError('leaseNotFound', `lease ${id} does not exist`);
    return seconds;
  }

  async #leaseHere(id: number, withKeys: boolean): Promise<LeaseInfo | null> {
    if (!this.#leads() || !(await this.#newest.answer()) || !this.#leads()) return null;
    const { view } = this.#replica.machine;
    const lease = view.lease(id);
    const remaining = this.#leases.remaining(id);
    if (lease === null || remaining === null)
      return { id, grantedSeconds: 0, remainingSeconds: -1, keys: [] };
    const keys = withKeys ? view.leaseKeys(id) : [];
    return { id, grantedSeconds: lease.seconds, remainingSeconds: Math.ceil(remaining), keys };
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
    if (!this.#followsLog() || !(await this.#newest.answer()))
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
    if (!this.#followsLog() || !(await this.#newest.answer()))
      throw new StoreError('unavailable', 'This node cannot read now.');
    return this.#replica.machine.view.leases().map(({ id }) => id);
  }

  async #served<Result>(work: Promise<Result | null>): Promise<Result> {
    const result = await work;
    if (result === null) throw new StoreError('notLeader', 'This node does not lead.');
    return result;
  }

  #pollChanges(from: number, previous: boolean, wait = pollMilliseconds): Promise<ChangesPage | null> {
    return this.#leader.ask<ChangesPage>(
      'store.changes',
      { from, previous, wait },
      wait + attemptMilliseconds,
    );
  }
}
