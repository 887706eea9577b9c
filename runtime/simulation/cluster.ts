/**
 * The virtual machines of a run and what the real agent does around the datastore: a node that ended is started again,
 * a machine without its disk comes back as a new one, the leader changes who votes, a spare lets go of its data.
 */
import { LogStorageError } from '../datastore/log/errors.ts';
import { pick, type Random } from '../raft/testing/seeded-random.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import type { VirtualNetwork } from './network.ts';
import { VirtualNode, type World } from './node.ts';

const dutyMilliseconds = 400;
/** A leader says "spare" this often before a node lets go of its data. */
const spareChecks = 3;

export interface ClusterCounts {
  membershipChanges: number;
  spares: number;
  transfers: number;
  newIdentities: number;
}

export class VirtualCluster {
  readonly counts: ClusterCounts = { membershipChanges: 0, spares: 0, transfers: 0, newIdentities: 0 };
  /** Every machine there has ever been. */
  readonly nodes: VirtualNode[] = [];
  /** Whether roles change at random, beside what has to be repaired. */
  restless = true;
  readonly #world: World;
  readonly #random: Random;
  readonly #network: VirtualNetwork;
  readonly #targetVoters: number;
  /** Members that are to hold no data for a while. */
  readonly #spares = new Set<NodeId>();
  readonly #spareCounts = new Map<NodeId, number>();
  #lastMachine = 0;

  constructor(world: World, size: number, targetVoters: number) {
    this.#world = world;
    this.#random = world.random;
    this.#network = world.network;
    this.#targetVoters = targetVoters;
    for (let number = 0; number < size; number++) this.#add(number === 0);
    this.#duties();
  }

  /** Machines that exist. */
  get alive(): readonly VirtualNode[] {
    return this.nodes.filter((node) => node.state !== 'lost');
  }

  /** The leader of the highest term among those that run. */
  leader(): VirtualNode | null {
    let best: VirtualNode | null = null;
    for (const node of this.alive) {
      const status = node.replica?.status();
      if (status?.role !== 'leader') continue;
      if (best === null || status.term > best.replica!.status().term) best = node;
    }
    return best;
  }

  /**
   * Whether one more machine's data may be lost without losing what was confirmed: at most one voter of three or more
   * at a time, while no change of the voters is under way. The others may be off: they come back with what they have.
   */
  mayLose(node: VirtualNode): boolean {
    const leader = this.leader()?.replica;
    const status = leader?.status();
    const isSettled = status?.changing === false && leader?.machine.applied().term === status.term;
    if (status === undefined || !isSettled || this.alive.some((each) => each.suspect)) return false;
    const { voters } = status.configuration;
    if (voters.includes(node.id) && voters.length < 3) return false;
    return voters.every((id) => this.alive.some((each) => each.id === id));
  }

  /** The machine loses its disk; after a while another one stands in its place. */
  replace(node: VirtualNode): void {
    node.lose();
    this.#succeed();
  }

  #succeed(): void {
    this.counts.newIdentities += 1;
    this.#world.scheduler.after(500 + 3_000 * this.#random(), 'a new machine', () => this.#add(false).boot());
  }

  #add(founder: boolean): VirtualNode {
    this.#lastMachine += 1;
    const node = new VirtualNode(`n${this.#lastMachine}` as NodeId, founder, this.#world);
    node.setClockRate(0.97 + 0.06 * this.#random());
    node.leaderHint = () => this.#hint(node);
    node.onEnd = (reason) => {
      if (reason === 'damaged') this.#succeed();
      else
        this.#world.scheduler.after(200 + 2_000 * this.#random(), `${node.id} starts again`, () =>
          node.boot(),
        );
    };
    this.#network.add(node);
    this.nodes.push(node);
    return node;
  }

  /** What a member that the node can reach says of the leader. */
  #hint(node: VirtualNode): NodeId | null {
    for (const other of this.alive) {
      if (other === node || !other.up || !this.#reach(node.id, other.id)) continue;
      const leader = other.replica?.status().leader ?? null;
      if (leader !== null) return leader;
    }
    return null;
  }

  #reach(one: NodeId, other: NodeId): boolean {
    return !this.#network.isCut(one, other) && !this.#network.isCut(other, one);
  }

  #duties(): void {
    this.#world.scheduler.after(dutyMilliseconds, 'duties', () => {
      const leader = this.leader();
      if (leader !== null && !leader.paused && leader.replica !== null) this.#lead(leader);
      this.#duties();
    });
  }

  #lead(leader: VirtualNode): void {
    const replica = leader.replica!;
    const status = replica.status();
    // The agent's key of a new cluster is in the datastore now: it founds no other.
    if (status.commit > 0) for (const node of this.nodes) node.founder = false;
    const isSettled = !status.changing && replica.machine.applied().term === status.term;
    // The agent waits for that; the core must not rely on it.
    if (!isSettled && !(this.restless && this.#random() < 0.3)) return;
    if (isSettled) this.#freeSpares(leader, status.configuration);
    this.#chooseSpares();
    const target = this.#plan(leader, status.configuration);
    if (target === null) return;
    leader.run(leader.start, () => {
      if (replica.proposeConfiguration(target).kind === 'accepted') this.counts.membershipChanges += 1;
    });
  }

  #chooseSpares(): void {
    const chance = this.#random();
    if (!this.restless || chance > 0.9) this.#spares.clear();
    else if (chance < 0.03) this.#spares.add(pick(this.#random, this.alive).id);
  }

  #freeSpares(leader: VirtualNode, { voters, learners }: Configuration): void {
    const { term } = leader.replica!.status();
    for (const node of this.alive) {
      const isSpare = !voters.includes(node.id) && !learners.includes(node.id);
      const hears = node.up && !node.paused && this.#reach(node.id, leader.id);
      const counts = isSpare && hears && term >= node.replica!.status().term;
      const count = counts ? (this.#spareCounts.get(node.id) ?? 0) + 1 : 0;
      this.#spareCounts.set(node.id, count);
      if (count < spareChecks || node.replica!.machine.applied().index === 0) continue;
      this.#spareCounts.set(node.id, 0);
      this.counts.spares += 1;
      this.#world.invariants.becomesBlank(node.id, node.start);
      node.replica!.becomeBlank().catch((error: unknown) => {
        // On a disk that takes nothing it stays what it was, and tries again later.
        if (!(error instanceof LogStorageError)) this.#world.fail(error);
      });
    }
  }

  /** First what is lost is replaced and what is missing is filled; then, at times, something changes without need. */
  #plan(leader: VirtualNode, { voters, learners }: Configuration): Configuration | null {
    const alive = this.alive.filter((node) => !node.suspect).map((node) => node.id);
    const progress = leader.replica!.status().progress;
    const isReady = (id: NodeId): boolean =>
      progress.some((each) => each.id === id && each.state === 'replicate' && each.silentTicks < 20);
    const ready = learners.filter((id) => alive.includes(id) && isReady(id));
    let nextVoters = voters.filter((id) => alive.includes(id));
    const lost = voters.length - nextVoters.length;
    const candidates = [...ready];
    while (candidates.length > 0 && nextVoters.length < this.#targetVoters)
      nextVoters.push(candidates.shift()!);
    if (this.restless && lost === 0 && this.#random() < 0.25)
      nextVoters = this.#shuffle(leader.id, voters, ready);
    // A seat without a machine is kept rather than left to a majority of too few.
    if (lost > 0 && nextVoters.length < 2 && voters.length > 2) return null;
    const others = alive.filter((id) => !nextVoters.includes(id));
    const nextLearners = others.filter((id) => !this.#spares.has(id));
    const same = sameIds(nextVoters, voters) && sameIds(nextLearners, learners);
    return same || nextVoters.length === 0
      ? null
      : { voters: nextVoters, outgoing: [], learners: nextLearners };
  }

  #shuffle(leader: NodeId, voters: readonly NodeId[], ready: readonly NodeId[]): NodeId[] {
    const pool = [...voters, ...ready];
    const chosen = pool.filter(() => this.#random() < 0.6);
    if (chosen.length > 0) return chosen;
    return [this.#random() < 0.5 ? leader : pick(this.#random, pool)];
  }
}

function sameIds(one: readonly NodeId[], other: readonly NodeId[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}
