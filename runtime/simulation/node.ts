/**
 * One virtual machine: the real replica and store over a virtual disk, clock and network. It can be killed, lose its
 * power, stand still, be slow, and come back.
 */
import type { Cancel, Clock } from '../datastore/clock.ts';
import { EmbeddedStore } from '../datastore/embedded-store.ts';
import { MemoryFiles } from '../datastore/log/testing/memory-files.ts';
import { DamagedError } from '../datastore/recovery.ts';
import { Replica } from '../datastore/replica.ts';
import { ReplicatedCore } from '../datastore/replicated-core.ts';
import { shipSnapshot } from '../datastore/snapshots.ts';
import type { StateMachine } from '../datastore/state-machine/state-machine.ts';
import { createLog } from '../logging/log.ts';
import type { Random } from '../raft/testing/seeded-random.ts';
import type { Message, NodeId, Term } from '../raft/types.ts';
import { type Invariants, Violation } from './invariants.ts';
import type { Endpoint, VirtualNetwork } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import { type DiskOutcome, VirtualFiles } from './virtual-files.ts';
import { VirtualState } from './virtual-state.ts';

/** What the whole run shares. */
export interface World {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: VirtualNetwork;
  readonly invariants: Invariants;
  readonly settings: NodeSettings;
  /** The run has failed: the first one counts. */
  readonly fail: (error: unknown) => void;
}

export interface NodeSettings {
  readonly heartbeatMilliseconds: number;
  readonly electionMilliseconds: number;
  readonly keepEntries: number;
  readonly compactEvery: number;
  readonly keepBytes: number;
  readonly segmentBytes: number;
  readonly keepRevisions: number;
}

/** The disk's present mood. */
export interface DiskFaults {
  full: boolean;
  /** Every operation fails with this probability. */
  errorShare: number;
  slowness: number;
}

interface Running {
  readonly replica: Replica;
  readonly core: ReplicatedCore;
  readonly store: EmbeddedStore;
}

export type NodeState = 'down' | 'starting' | 'running' | 'lost';

const quiet = createLog(() => {}, 'silent');
const logDirectory = '/log';
/** Above every term: what a node applies while it starts says nothing of the term it was committed in. */
const neverLed = Number.MAX_SAFE_INTEGER as Term;

export class VirtualNode implements Endpoint {
  readonly id: NodeId;
  readonly disk: DiskFaults = { full: false, errorShare: 0, slowness: 1 };
  /** How fast this machine's clock goes, and what it showed when that was set. */
  #clock = { rate: 1, shown: 0, since: 0 };
  state: NodeState = 'down';
  start = 0;
  paused = false;
  founder: boolean;
  snapshotsTaken = 0;
  /** Its disk has been damaged, which it finds out when it starts: not to be relied on. */
  suspect = false;
  /** Called at the next sync, before it is done: where a power cut hurts most. */
  onSync: (() => void) | null = null;
  /** Called when it has sent a vote. */
  onVote: (() => void) | null = null;
  /** Called when the machine has ended by itself. */
  onEnd: (reason: 'damaged' | 'failed') => void = () => {};
  /** Who leads as far as others tell: for a node that hears no leader itself. */
  leaderHint: () => NodeId | null = () => null;
  readonly #world: World;
  readonly #files = new MemoryFiles();
  readonly #state: VirtualState;
  #running: Running | null = null;
  #deferred: (() => void)[] = [];

  constructor(id: NodeId, founder: boolean, world: World) {
    this.id = id;
    this.founder = founder;
    this.#world = world;
    this.#state = new VirtualState({
      work: () => this.#wait(5 + 40 * world.random(), 'state file'),
      random: world.random,
      isSpaceLow: () => this.disk.full,
      onOpen: (machine) => this.#watch(machine),
    });
  }

  get up(): boolean {
    return this.state === 'running';
  }

  get replica(): Replica | null {
    return this.#running?.replica ?? null;
  }

  get store(): EmbeddedStore | null {
    return this.#running?.store ?? null;
  }

  /** The files under the log, to damage them. */
  get files(): MemoryFiles {
    return this.#files;
  }

  /** From now on this machine's clock goes faster or slower than it should; it never jumps. */
  setClockRate(rate: number): void {
    this.#clock = { rate, shown: this.#showClock(), since: this.#world.scheduler.now };
  }

  #showClock(): number {
    const { rate, shown, since } = this.#clock;
    return shown + (this.#world.scheduler.now - since) * rate;
  }

  boot(): void {
    if (this.state !== 'down') return;
    this.state = 'starting';
    this.start += 1;
    const { start } = this;
    this.#open(start).catch((error: unknown) => {
      if (start === this.start) this.#failed(error);
    });
  }

  /** The process ends at once. `power`: what was not synced is lost, wholly or in part. */
  crash(power: boolean): void {
    if (this.state === 'down' || this.state === 'lost') return;
    const { random } = this.#world;
    const survival = random();
    this.state = 'down';
    this.start += 1;
    this.paused = false;
    this.onSync = null;
    this.onVote = null;
    this.#deferred = [];
    this.#running = null;
    this.#state.crash(!power || random() < 0.3, random);
    if (power) this.#files.crash(() => random() < survival);
  }

  /** The machine never comes back: its disk is gone, or its identity given up. */
  lose(): void {
    this.crash(true);
    this.state = 'lost';
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    for (const act of this.#deferred.splice(0)) act();
  }

  run(start: number, act: () => void): void {
    if (start !== this.start) return;
    if (this.paused) {
      this.#deferred.push(() => this.run(start, act));
      return;
    }
    try {
      act();
    } catch (error) {
      this.#world.fail(error);
    }
    this.look();
  }

  /** Compares what the node says of itself with the rules. */
  look(): void {
    if (this.#running === null) return;
    try {
      this.#world.invariants.statusSeen(this.#running.replica.status(), this.start);
    } catch (error) {
      this.#world.fail(error);
    }
  }

  deliver(message: Message): void {
    if (message.type === 'installSnapshot') this.snapshotsTaken += 1;
    this.#running?.replica.step(message);
  }

  async serve(method: string, params: Record<string, unknown>): Promise<unknown> {
    if (this.#running === null) throw Object.assign(new Error('not yet'), { code: 'notMember' });
    const { replica, core } = this.#running;
    const answer = replica.serve(method, params) ?? core.serve(method, params);
    if (answer === null) throw Object.assign(new Error(method), { code: 'unknownMethod' });
    return answer;
  }

  leader(): NodeId | null {
    return this.#running?.replica.status().leader ?? this.leaderHint();
  }

  /** A clock of this start: what it calls ends with it. */
  clock(start = this.start): Clock {
    const { scheduler } = this.#world;
    const after = (milliseconds: number, callback: () => void): Cancel =>
      scheduler.after(milliseconds / this.#clock.rate, `${this.id} timer`, () => this.run(start, callback));
    return {
      now: () => this.#showClock(),
      after,
      every: (milliseconds, callback) => {
        let ended = false;
        let cancel: Cancel = () => {};
        const next = (): void => {
          cancel = after(milliseconds, () => {
            if (!ended) callback();
            if (!ended) next();
          });
        };
        next();
        return () => {
          ended = true;
          cancel();
        };
      },
    };
  }

  async #open(start: number): Promise<void> {
    const { network, settings, random } = this.#world;
    const surroundings = { clock: this.clock(start), random };
    let core: ReplicatedCore | null = null;
    const replica = await Replica.open({
      ...settings,
      id: this.id,
      surroundings,
      logStorage: {
        directory: logDirectory,
        segmentBytes: settings.segmentBytes,
        files: new VirtualFiles(this.#files, (operation) => this.#diskWork(start, operation)),
      },
      state: this.#state,
      founder: this.founder,
      log: quiet,
      send: (message) => this.#send(start, message),
      shipSnapshot: (made, to) =>
        shipSnapshot(made, (method, params) => network.request(this, to, method, params, 3_000)),
      onApplied: () => core?.stateChanged(),
      onFatal: (message) => this.#failed(new Error(message)),
    });
    if (start !== this.start) return;
    core = new ReplicatedCore(replica, this.#storeNetwork(), {
      ...surroundings,
      version: 'simulation',
      spaceLimitBytes: 2 ** 30,
      keepRevisions: settings.keepRevisions,
      log: () => {},
    });
    this.#running = { replica, core, store: new EmbeddedStore(core, random) };
    this.state = 'running';
    // A bit was flipped where it does not matter.
    this.suspect = false;
    this.look();
  }

  #storeNetwork(): ConstructorParameters<typeof ReplicatedCore>[1] {
    const { network } = this.#world;
    return {
      leader: () => this.leader(),
      request: (to, method, params, milliseconds) => network.request(this, to, method, params, milliseconds),
      explainUnavailable: () => 'the cluster does not answer',
      clusterId: () => 'c',
      members: () => [],
    };
  }

  #send(start: number, message: Message): void {
    if (start !== this.start) return;
    const status = this.#running?.replica.status();
    try {
      if (status !== undefined) this.#world.invariants.messageSent(message, status);
    } catch (error) {
      this.#world.fail(error);
    }
    this.#world.network.send(message);
    if (this.onVote === null || message.type !== 'voteResponse' || message.preVote || !message.granted)
      return;
    const { onVote } = this;
    this.onVote = null;
    this.#world.scheduler.after(0.05, `${this.id} cut after its vote`, () => this.run(start, onVote));
  }

  #watch(machine: StateMachine): void {
    const { invariants } = this.#world;
    const apply = machine.apply.bind(machine);
    machine.apply = (entries, decode) => {
      const { index } = machine.applied();
      const results = apply(entries, decode);
      try {
        const term = this.#running?.replica.status().term ?? neverLed;
        invariants.applied(this.id, term, entries, index);
      } catch (error) {
        this.#world.fail(error);
      }
      return results;
    };
  }

  async #diskWork(start: number, operation: string): Promise<DiskOutcome> {
    const { random } = this.#world;
    if (operation === 'sync' && this.onSync !== null && start === this.start) {
      const { onSync } = this;
      this.onSync = null;
      // Not at once: what is to be sent before the sync has then left.
      this.#world.scheduler.after(0.1, `${this.id} cut in a sync`, () => this.run(start, onSync));
    }
    const least = operation === 'sync' ? 0.3 : 0.02;
    const most = operation === 'sync' ? 4 : 0.1;
    await this.#wait((least + random() * (most - least)) * this.disk.slowness, operation, start);
    if (this.disk.errorShare > 0 && random() < this.disk.errorShare) return 'error';
    return this.disk.full && operation === 'write' ? 'full' : 'ok';
  }

  #wait(milliseconds: number, what: string, start = this.start): Promise<void> {
    return new Promise((resolve) => {
      this.#world.scheduler.after(milliseconds, `${this.id} ${what}`, () => this.run(start, resolve));
    });
  }

  #failed(error: unknown): void {
    if (error instanceof DamagedError) {
      if (!this.suspect)
        this.#world.fail(
          new Violation('no needless loss', `${this.id}, whose disk is sound, gives up: ${error.message}`),
        );
      this.lose();
      this.onEnd('damaged');
      return;
    }
    // The agent ends and is started again.
    this.crash(false);
    this.onEnd('failed');
    if (!isExpected(error)) this.#world.fail(error);
  }
}

/** A disk that fails, with the words of its error, is what the faults have asked for. */
function isExpected(error: unknown): boolean {
  return (
    error instanceof Error &&
    /EIO|ENOSPC|no space|consensus log cannot be written/.test(String(error.message))
  );
}
