/**
 * One run: a cluster made by the seed, clients and faults for so many steps, then no more faults, and the question
 * whether all is as it was promised.
 */

import { findLeaseFault } from '../checkers/lease-life.ts';
import { checkLinearizable, describeHistory } from '../checkers/linearizability.ts';
import { findWatchFault } from '../checkers/watch-stream.ts';
import { pick, type Random, seededRandom } from '../raft/testing/seeded-random.ts';
import { Clients } from './clients.ts';
import { type ClusterCounts, VirtualCluster } from './cluster.ts';
import { CommittedHistory } from './committed-history.ts';
import { Faults } from './faults.ts';
import { History } from './histories.ts';
import { Invariants, Violation } from './invariants.ts';
import { VirtualNetwork } from './network.ts';
import type { NodeSettings, World } from './node.ts';
import { Scheduler } from './scheduler.ts';

export interface SeedResult {
  readonly seed: number;
  readonly steps: number;
  readonly virtualMilliseconds: number;
  /** The same for every run of a seed, as long as the code is the same. */
  readonly traceHash: string;
  readonly nodes: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly cluster: ClusterCounts;
  readonly leaderChanges: number;
  readonly snapshots: number;
  readonly entries: number;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly leases: number;
  readonly watchRestarts: number;
  readonly checks: number;
  readonly failure: SeedFailure | null;
}

export interface SeedFailure {
  readonly rule: string;
  readonly message: string;
  readonly lastEvents: readonly string[];
}

/** Virtual time within which a cluster without faults must be of one mind. */
const mostRecoveryMilliseconds = 120_000;
/** A step that changes nothing in virtual time this often is a loop. */
const mostRecoverySteps = 400_000;
const leaseTolerance = { clockError: 0.11, slackMilliseconds: 3_000 };

export async function runSeed(seed: number, steps: number): Promise<SeedResult> {
  const run = new Run(seed);
  const onRejection = (error: unknown): void => run.fail(error);
  process.on('unhandledRejection', onRejection);
  try {
    await run.go(steps);
  } catch (error) {
    run.fail(error);
  } finally {
    process.off('unhandledRejection', onRejection);
  }
  return run.result();
}

class Run {
  readonly #seed: number;
  readonly #random: Random;
  readonly #scheduler = new Scheduler();
  readonly #history = new History();
  readonly #committed = new CommittedHistory(() => this.#scheduler.now);
  readonly #world: World;
  readonly #cluster: VirtualCluster;
  readonly #clients: Clients;
  readonly #faults: Faults;
  #active = true;
  #ledSince = 0;
  #failure: { error: unknown; lastEvents: readonly string[] } | null = null;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed * 2_654_435_761 + 1);
    const random = this.#random;
    const network = new VirtualNetwork(this.#scheduler, random);
    this.#world = {
      scheduler: this.#scheduler,
      random,
      network,
      invariants: new Invariants((entry) => this.#committed.add(entry)),
      settings: chooseSettings(random),
      fail: (error) => this.fail(error),
    };
    const size = pick(random, [1, 2, 3, 3, 4, 5, 5, 5, 6, 7]);
    this.#cluster = new VirtualCluster(this.#world, size, pick(random, [1, 3, 3, 5, 5, 7]));
    this.#clients = new Clients(
      {
        scheduler: this.#scheduler,
        random,
        history: this.#history,
        nodes: () => this.#cluster.alive,
        fail: (error) => this.fail(error),
        active: () => this.#active,
      },
      pick(random, [20, 60, 150]),
    );
    this.#faults = new Faults(this.#world, this.#cluster, pick(random, [300, 800, 2_000]));
  }

  fail(error: unknown): void {
    this.#failure ??= { error, lastEvents: [...this.#scheduler.recent] };
  }

  async go(steps: number): Promise<void> {
    for (const node of this.#cluster.alive) node.boot();
    while (this.#scheduler.steps < steps && this.#failure === null) await this.#scheduler.step();
    if (this.#failure !== null) return;
    await this.#recover();
    if (this.#failure === null) this.#verify();
  }

  result(): SeedResult {
    const { invariants } = this.#world;
    const { counts } = this.#clients;
    const result: SeedResult = {
      seed: this.#seed,
      steps: this.#scheduler.steps,
      virtualMilliseconds: Math.round(this.#scheduler.now),
      traceHash: (this.#scheduler.hash >>> 0).toString(16).padStart(8, '0'),
      nodes: this.#cluster.nodes.length,
      faults: this.#faults.counts,
      cluster: this.#cluster.counts,
      leaderChanges: invariants.leaderChanges,
      snapshots: this.#cluster.nodes.reduce((sum, node) => sum + node.snapshotsTaken, 0),
      entries: invariants.committed.length,
      acknowledged: counts.acknowledged,
      unknown: counts.unknown,
      leases: counts.leases,
      watchRestarts: counts.watchRestarts,
      checks: invariants.checks,
      failure: this.#describeFailure(),
    };
    for (const node of this.#cluster.nodes) node.crash(false);
    this.#committed.close();
    return result;
  }

  /** Faults end; then the cluster has to lead itself, commit a write through every node, and be of one mind. */
  async #recover(): Promise<void> {
    const { scheduler } = this.#world;
    this.#scheduler.note('the faults end');
    this.#faults.end();
    this.#cluster.restless = false;
    this.#active = false;
    await this.#until('a leader and all its members up to date', () => this.#isHealthy());
    const writes = this.#cluster.alive.map((node) =>
      node.store?.transact({
        success: [{ operation: 'put', key: bytes(`end ${node.id}`), value: bytes('end') }],
      }),
    );
    let written = 0;
    for (const write of writes)
      void write?.then(
        () => {
          written += 1;
        },
        (error: unknown) => this.fail(error),
      );
    await this.#until('a write through every node', () => written === writes.length);
    // Longer than the longest lease, so that those nobody keeps alive have ended; and watchers have been told.
    const quietUntil = scheduler.now + 12_000;
    await this.#until('a quiet time', () => scheduler.now > quietUntil);
    await this.#until('all watchers told', () =>
      this.#clients.watches.every((watch) => watch.through >= this.#committed.revision),
    );
    await this.#until('all members of one state', () => this.#isHealthy());
  }

  async #until(what: string, holds: () => boolean): Promise<void> {
    const { scheduler } = this.#world;
    const [time, steps] = [scheduler.now, scheduler.steps];
    while (!holds() && this.#failure === null) {
      const tooLong =
        scheduler.now - time > mostRecoveryMilliseconds || scheduler.steps - steps > mostRecoverySteps;
      if (tooLong) throw new Violation('progress', `${what}: in vain; ${this.#describe()}`);
      await scheduler.step();
    }
  }

  #isHealthy(): boolean {
    const leader = this.#cluster.leader();
    const status = leader?.replica?.status();
    if (leader === null || status === undefined) return false;
    if (this.#ledSince === 0) this.#ledSince = this.#scheduler.now;
    const { voters, learners } = status.configuration;
    const { alive } = this.#cluster;
    if (status.changing || status.transferTarget !== null) return false;
    if (voters.length + learners.length !== alive.length) return false;
    return alive.every(
      (node) =>
        node.up &&
        (voters.includes(node.id) || learners.includes(node.id)) &&
        node.replica!.machine.applied().index === status.lastIndex,
    );
  }

  #verify(): void {
    this.#compareStates();
    this.#checkHistory();
    for (const watch of this.#clients.watches) {
      const fault = findWatchFault(watch.record(), this.#committed.changes);
      if (fault !== null) throw new Violation('watch', fault);
    }
    this.#checkLeases();
  }

  #compareStates(): void {
    const expected = this.#committed.checksum();
    for (const node of this.#cluster.alive) {
      const { machine } = node.replica!;
      const { revision } = this.#committed;
      if (machine.view.number('revision') !== revision)
        throw new Violation(
          'same state',
          `${node.id} is at revision ${machine.view.number('revision')}, not ${revision}`,
        );
      if (machine.hashing(revision).step(1_000_000) !== expected)
        throw new Violation('same state', `${node.id} holds another state at revision ${revision}`);
    }
  }

  #checkHistory(): void {
    const result = checkLinearizable(this.#history.operations);
    if (result.kind !== 'violated') return;
    const text = describeHistory(result.operations.slice(-40));
    throw new Violation(
      'linearizability',
      `the history of key ${result.key} is not linearizable; its end:\n${text}`,
    );
  }

  #checkLeases(): void {
    for (const holder of this.#clients.leases) {
      const goneAt = this.#committed.goneAt.get(holder.key) ?? null;
      const record = holder.record(goneAt, this.#ledSince);
      const fault = record === null ? null : findLeaseFault(record, this.#scheduler.now, leaseTolerance);
      if (fault !== null) throw new Violation('lease', fault);
    }
  }

  #describe(): string {
    const lines = this.#cluster.alive.map((node) => {
      const status = node.replica?.status();
      if (status === undefined) return `${node.id} ${node.state}`;
      const { role, term, leader, commit, lastIndex, configuration } = status;
      const applied = node.replica!.machine.applied().index;
      const { voters, outgoing, learners } = configuration;
      return `${node.id} ${role} t${term} leader ${leader} commit ${commit}/${lastIndex} applied ${applied} voters ${voters} (${outgoing}) learners ${learners} ${node.replica!.obstacle ?? ''}`;
    });
    return lines.join('; ');
  }

  #describeFailure(): SeedFailure | null {
    if (this.#failure === null) return null;
    const { error, lastEvents } = this.#failure;
    const rule = error instanceof Violation ? error.rule : 'no crash';
    const message = error instanceof Violation ? error.message : String((error as Error)?.stack ?? error);
    return { rule, message, lastEvents };
  }
}

function chooseSettings(random: Random): NodeSettings {
  return {
    heartbeatMilliseconds: 100,
    electionMilliseconds: pick(random, [150, 150, 300, 500, 1_000]),
    keepEntries: pick(random, [0, 5, 20, 200]),
    compactEvery: pick(random, [5, 20, 100]),
    keepBytes: pick(random, [2_000, 20_000, 1_000_000]),
    segmentBytes: pick(random, [4_096, 16_384, 65_536]),
    keepRevisions: pick(random, [50, 500, 100_000]),
  };
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}
