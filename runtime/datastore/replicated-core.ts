/**
 * The store's core over this node's replica: a leader applies, another replica forwards writes and reads after asking
 * the leader where it stands, a spare asks the leader for everything. Waits out elections, up to a limit.
 */
import { pause, type Surroundings } from './clock.ts';
import { Commands } from './commands-in-flight.ts';
import { copyAtLeader } from './copy-at-leader.ts';
import { Housekeeping } from './housekeeping.ts';
import { LeaderClient, type LeaderNetwork } from './leader-client.ts';
import { LiveStream } from './live-stream.ts';
import { attemptMilliseconds, LocalCore } from './local-core.ts';
import type { Replica } from './replica.ts';
import { SnapshotReaders } from './snapshot-readers.ts';
import { hashInSteps } from './state-hash.ts';
import { encodeBody } from './state-machine/command-codec.ts';
import type { CommandBody, CommandResult } from './state-machine/commands.ts';
import type { ChangesPage } from './state-machine/reading.ts';
import { decodeResult } from './state-machine/result-codec.ts';
import type { Alarm, LeaseInfo, StoreHash, StoreMember, StoreStatus } from './store.ts';
import type { CorePage, CorePageQuery, LiveChanges, OpenedSnapshot, StoreCore } from './store-core.ts';
import { StoreService } from './store-service.ts';

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

const pollMilliseconds = 10_000;
/** How long an answer waits for this node to have applied what was written through it. */
const appliedHereMilliseconds = 1_000;
const pagesInADefragmentStep = 64;

export class ReplicatedCore implements StoreCore {
  readonly #replica: Replica;
  readonly #network: StoreNetwork;
  readonly #options: CoreOptions;
  readonly #commands: Commands;
  readonly #local: LocalCore;
  readonly #leader: LeaderClient;
  readonly #housekeeping: Housekeeping;
  readonly #live: LiveStream;
  readonly #snapshots: SnapshotReaders;
  readonly #service: StoreService;

  constructor(replica: Replica, network: StoreNetwork, options: CoreOptions) {
    this.#replica = replica;
    this.#network = network;
    this.#options = options;
    const { clock, random } = options;
    this.#commands = new Commands(random);
    const local = new LocalCore(replica, this.#commands, options);
    this.#local = local;
    this.#leader = new LeaderClient({
      ...{ network, clock, id: replica.status().id },
      explainUnavailable: () => replica.obstacle ?? network.explainUnavailable(),
    });
    this.#housekeeping = new Housekeeping({
      ...{ clock, id: replica.status().id, leases: local.leases },
      ...{ spaceLimitBytes: options.spaceLimitBytes, keepRevisions: options.keepRevisions },
      isLeader: () => local.leads,
      machine: () => replica.machine,
      execute: (body) => this.execute(body),
      log: options.log,
    });
    this.#live = new LiveStream({
      clock,
      local: () => (local.followsLog ? replica.machine.view : null),
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
    const { live, snapshots } = { live: this.#live, snapshots: this.#snapshots };
    this.#service = new StoreService({ local, live, snapshots, tellCommit: () => replica.tellCommit() });
  }

  /** Call when the replica applied something: watches look. */
  stateChanged(): void {
    this.#live.applied();
  }

  /** Answers another node's request; null when the method is none of the store's. */
  serve(method: string, params: Record<string, unknown>): Promise<unknown> | null {
    return this.#service.serve(method, params);
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
      result = await this.#leader.untilServed(() =>
        this.#local.leads ? this.#local.propose(command.data) : this.#forward(command.data),
      );
      return result;
    } finally {
      command.end(result);
    }
  }

  page(query: CorePageQuery): Promise<CorePage> {
    return this.#leader.untilServed(() =>
      this.#local.followsLog ? this.#local.page(query) : this.#pageAtLeader(query),
    );
  }

  changes(from: number, previous: boolean): Promise<ChangesPage> {
    return this.#leader.untilServed(
      async () => this.#local.changes(from, previous) ?? this.#pollChanges(from, previous, 0),
    );
  }

  revision({ serializable }: Pick<CorePageQuery, 'serializable'>): Promise<number> {
    return this.#leader.untilServed(() =>
      this.#local.followsLog ? this.#local.revision(serializable) : this.#revisionAtLeader(),
    );
  }

  listen(previous: boolean, listener: (live: LiveChanges) => void): () => void {
    return this.#live.listen(previous, listener);
  }

  keepLeaseAlive(id: number): Promise<number> {
    return this.#leader.untilServed(() =>
      this.#local.leads
        ? this.#local.renewLease(id)
        : this.#leader.ask<number>('store.keepLeaseAlive', { id }, attemptMilliseconds),
    );
  }

  lease(id: number, withKeys: boolean): Promise<LeaseInfo> {
    return this.#leader.untilServed(() =>
      this.#local.leads
        ? this.#local.lease(id, withKeys)
        : this.#leader.ask<LeaseInfo>('store.lease', { id, withKeys }, attemptMilliseconds),
    );
  }

  leases(): Promise<readonly number[]> {
    return this.#leader.untilServed(() =>
      this.#local.followsLog
        ? this.#local.leaseIds()
        : this.#leader.ask<readonly number[]>('store.leases', {}, attemptMilliseconds),
    );
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

  /**
   * Who wrote at this node reads its write here next, also serializably, in a watch or a checksum; as with etcd, whose
   * members answer a write when they have applied it. A node that lags far behind does not hold the answer back.
   */
  async #untilAppliedHere(result: CommandResult): Promise<void> {
    if (this.#local.followsLog) await this.#live.reached(result.revision, appliedHereMilliseconds);
  }

  #pageAtLeader({ serializable: _serializable, ...query }: CorePageQuery): Promise<CorePage | null> {
    return this.#leader.ask<CorePage>('store.page', query, attemptMilliseconds);
  }

  /** Any page says where the leader stands. */
  async #revisionAtLeader(): Promise<number | null> {
    const page = await this.#pageAtLeader({
      ...{ key: new Uint8Array([1]), end: undefined, revision: 0, mostItems: 0 },
      ...{ keysOnly: true, serializable: false, count: false },
    });
    return page?.kind === 'page' ? page.revision : null;
  }

  #pollChanges(from: number, previous: boolean, wait = pollMilliseconds): Promise<ChangesPage | null> {
    return this.#leader.ask<ChangesPage>(
      'store.changes',
      { from, previous, wait },
      wait + attemptMilliseconds,
    );
  }
}
