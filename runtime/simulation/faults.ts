/**
 * What goes wrong in a run: at random moments, by the seed, one of the faults below. Each undoes itself after a while
 * or is undone when the faults end. Data is lost for good only where the others still have all of it.
 */
import { SEGMENT_HEADER_BYTES } from '../datastore/log/layout.ts';
import { decodeFrame, decodeSegmentHeader } from '../datastore/log/segment.ts';
import { pick, type Random } from '../raft/testing/seeded-random.ts';
import type { VirtualCluster } from './cluster.ts';
import { goodNetwork, type VirtualNetwork } from './network.ts';
import type { VirtualNode, World } from './node.ts';

type Fault = readonly [name: string, weight: number, cause: (faults: Faults) => boolean];

const faults: readonly Fault[] = [
  ['process killed', 3, (each) => each.crash(false)],
  ['connections broken', 1, (each) => each.breakConnections()],
  ['power lost', 4, (each) => each.crash(true)],
  ['power lost in a sync', 4, (each) => each.cutSync()],
  ['power lost in an election', 2, (each) => each.cutElection()],
  ['all power lost', 0.5, (each) => each.crashAll()],
  ['machine paused', 2, (each) => each.pause()],
  ['network bad', 2, (each) => each.spoilNetwork()],
  ['node cut off', 2, (each) => each.isolate()],
  ['network split', 1.5, (each) => each.split()],
  ['link cut one way', 3, (each) => each.cutOneWay()],
  ['links cut at random', 1, (each) => each.cutAtRandom()],
  ['disk slow', 1.5, (each) => each.slowDisk()],
  ['disk full', 1, (each) => each.fillDisk()],
  ['disk failing', 0.7, (each) => each.failDisk()],
  ['bit flipped', 1.5, (each) => each.flipBit()],
  ['log damaged while others lag', 6, (each) => each.damageWhileOthersLag()],
  ['disk lost', 0.7, (each) => each.loseDisk()],
  ['clock rate changed', 1, (each) => each.changeClock()],
  ['leadership handed over', 2, (each) => each.transfer()],
];

export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #world: World;
  readonly #cluster: VirtualCluster;
  readonly #random: Random;
  readonly #network: VirtualNetwork;
  readonly #chosen: readonly Fault[];
  readonly #pauseMilliseconds: number;
  #ended = false;

  constructor(world: World, cluster: VirtualCluster, pauseMilliseconds: number) {
    this.#world = world;
    this.#cluster = cluster;
    this.#random = world.random;
    this.#network = world.network;
    this.#pauseMilliseconds = pauseMilliseconds;
    // Not everything in every run: what hides behind one fault shows without it.
    const chosen = faults.filter(() => this.#random() < 0.7);
    this.#chosen = chosen.length > 0 ? chosen : faults;
    this.#later();
  }

  /** All is well from here on, apart from what is lost for good. */
  end(): void {
    this.#ended = true;
    this.#network.heal();
    this.#network.quality = { ...goodNetwork };
    for (const node of this.#cluster.alive) {
      Object.assign(node.disk, { full: false, errorShare: 0, slowness: 1 });
      node.onSync = null;
      node.onVote = null;
      if (node.paused) node.resume();
      node.boot();
    }
  }

  #later(): void {
    this.#after(this.#random() * 2 * this.#pauseMilliseconds, 'fault', () => {
      const total = this.#chosen.reduce((sum, [, weight]) => sum + weight, 0);
      let left = this.#random() * total;
      const fault = this.#chosen.find(([, weight]) => {
        left -= weight;
        return left < 0;
      });
      if (fault?.[2](this)) {
        this.counts[fault[0]] = (this.counts[fault[0]] ?? 0) + 1;
        this.#world.scheduler.note(`fault: ${fault[0]}`);
      }
      this.#later();
    });
  }

  #after(milliseconds: number, label: string, act: () => void): void {
    this.#world.scheduler.after(milliseconds, label, () => {
      if (!this.#ended) act();
    });
  }

  #some(): VirtualNode | null {
    const { alive } = this.#cluster;
    return alive.length === 0 ? null : pick(this.#random, alive);
  }

  /** Leaders are worth hitting more often than their number says. */
  #victim(): VirtualNode | null {
    return this.#random() < 0.3 ? (this.#cluster.leader() ?? this.#some()) : this.#some();
  }

  crash(power: boolean): boolean {
    const node = this.#victim();
    if (node === null || node.state === 'down') return false;
    node.crash(power);
    if (!power) this.#partFrom(node);
    this.#startLater(node);
    return true;
  }

  /** Connections end, though nothing else is wrong. */
  breakConnections(): boolean {
    const node = this.#victim();
    if (node === null) return false;
    this.#partFrom(node);
    return true;
  }

  /** Most of the others learn that their connection to the node has ended, each in its time. */
  #partFrom(node: VirtualNode): void {
    for (const other of this.#cluster.alive) {
      if (other === node || this.#random() < 0.2) continue;
      this.#after(this.#random() * 30, 'connection ended', () => other.replica?.lostTouch(node.id));
    }
  }

  crashAll(): boolean {
    for (const node of this.#cluster.alive) {
      node.crash(true);
      this.#startLater(node);
    }
    return true;
  }

  cutSync(): boolean {
    const node = this.#victim();
    if (node === null || !node.up) return false;
    node.onSync = this.#shortCut(node, 0.7);
    return true;
  }

  /** The leader goes, several stand in a slow network, and who votes loses its power right after. */
  cutElection(): boolean {
    const leader = this.#cluster.leader();
    if (leader === null) return false;
    leader.crash(true);
    this.#startLater(leader);
    this.#network.quality = { ...goodNetwork, leastMilliseconds: 5, mostMilliseconds: 80 };
    this.#after(2_500, 'network good', () => {
      this.#network.quality = { ...goodNetwork };
    });
    for (const node of this.#cluster.alive) if (this.#random() < 0.8) node.onVote = this.#shortCut(node, 0.9);
    return true;
  }

  /** The power comes back soon: while the others still wait for its answer. */
  #shortCut(node: VirtualNode, soonShare: number): () => void {
    return () => {
      node.crash(true);
      const soon = this.#random() < soonShare;
      this.#world.scheduler.after(this.#random() * (soon ? 40 : 2_000), `${node.id} starts`, () =>
        node.boot(),
      );
    };
  }

  /**
   * Some voters fall behind; then one of those that have everything finds its log damaged, and the rest of them are
   * off: nobody may lead who lacks what was confirmed.
   */
  damageWhileOthersLag(): boolean {
    const leader = this.#cluster.leader();
    const voters = leader?.replica?.status().configuration.voters ?? [];
    if (leader === null || voters.length < 3 || !voters.includes(leader.id)) return false;
    const others = this.#cluster.alive.filter((node) => node !== leader && voters.includes(node.id));
    const quorum = Math.floor(voters.length / 2) + 1;
    const [victim, ...rest] = others.splice(0, quorum - 1);
    if (victim === undefined || others.length === 0) return false;
    for (const lagging of others) this.#cutOff(lagging);
    this.#after(200 + this.#random() * 500, 'damage', () => {
      if (!this.#cluster.mayLose(victim) || this.#cluster.leader() !== leader) return;
      for (const node of [leader, ...rest]) {
        node.crash(false);
        this.#world.scheduler.after(3_000 + this.#random() * 2_000, `${node.id} starts`, () => node.boot());
      }
      victim.crash(false);
      victim.suspect = flipBitInLog(victim, this.#random, true);
      this.#network.heal();
      this.#world.scheduler.after(50, `${victim.id} starts`, () => victim.boot());
    });
    return true;
  }

  #cutOff(node: VirtualNode): void {
    for (const other of this.#cluster.alive) {
      if (other === node) continue;
      this.#network.cut(node.id, other.id);
      this.#network.cut(other.id, node.id);
    }
  }

  #startLater(node: VirtualNode): void {
    this.#after(this.#random() * 4_000, `${node.id} starts`, () => node.boot());
  }

  pause(): boolean {
    const node = this.#victim();
    if (node === null || !node.up || node.paused) return false;
    const { start } = node;
    node.pause();
    this.#after(50 + this.#random() * 3_000, `${node.id} goes on`, () => {
      if (node.start === start && node.paused) node.resume();
    });
    return true;
  }

  spoilNetwork(): boolean {
    this.#network.quality = {
      lossShare: this.#random() * 0.3,
      repeatShare: this.#random() * 0.2,
      slowShare: this.#random() * 0.3,
      leastMilliseconds: 0.2,
      mostMilliseconds: 1 + this.#random() * 40,
    };
    this.#after(this.#random() * 6_000, 'network good', () => {
      this.#network.quality = { ...goodNetwork };
    });
    return true;
  }

  isolate(): boolean {
    const node = this.#victim();
    if (node === null) return false;
    this.#cutOff(node);
    return this.#healLater();
  }

  split(): boolean {
    const side = new Set(this.#cluster.alive.filter(() => this.#random() < 0.5));
    for (const one of this.#cluster.alive) {
      for (const other of this.#cluster.alive)
        if (side.has(one) !== side.has(other)) this.#network.cut(one.id, other.id);
    }
    return this.#healLater();
  }

  cutOneWay(): boolean {
    const from = this.#victim();
    const to = this.#some();
    if (from === null || to === null || from === to) return false;
    this.#network.cut(from.id, to.id);
    return this.#healLater();
  }

  cutAtRandom(): boolean {
    for (const one of this.#cluster.alive) {
      for (const other of this.#cluster.alive)
        if (one !== other && this.#random() < 0.3) this.#network.cut(one.id, other.id);
    }
    return this.#healLater();
  }

  #healLater(): boolean {
    this.#after(this.#random() * 8_000, 'links healed', () => this.#network.heal());
    return true;
  }

  slowDisk(): boolean {
    return this.#spoilDisk({ slowness: 5 + this.#random() * 100 });
  }

  fillDisk(): boolean {
    return this.#spoilDisk({ full: true });
  }

  failDisk(): boolean {
    return this.#spoilDisk({ errorShare: 0.02 + this.#random() * 0.3 });
  }

  #spoilDisk(mood: Partial<VirtualNode['disk']>): boolean {
    const node = this.#victim();
    if (node === null) return false;
    Object.assign(node.disk, mood);
    this.#after(this.#random() * 5_000, `${node.id} disk good`, () =>
      Object.assign(node.disk, { full: false, errorShare: 0, slowness: 1 }),
    );
    return true;
  }

  /** The disk changes what it holds, while the machine is off; it shows at the next start. */
  flipBit(): boolean {
    const node = this.#some();
    if (node === null || !this.#cluster.mayLose(node)) return false;
    node.crash(false);
    this.#startLater(node);
    node.suspect = flipBitInLog(node, this.#random);
    return node.suspect;
  }

  loseDisk(): boolean {
    const node = this.#some();
    if (node === null || !this.#cluster.mayLose(node)) return false;
    this.#cluster.replace(node);
    return true;
  }

  changeClock(): boolean {
    const node = this.#some();
    node?.setClockRate(0.95 + 0.1 * this.#random());
    return node !== null;
  }

  transfer(): boolean {
    const leader = this.#cluster.leader();
    const replica = leader?.replica;
    if (leader === null || replica == null || leader.paused) return false;
    const target = pick(this.#random, this.#cluster.alive);
    leader.run(leader.start, () => replica.transferLeadership(target.id));
    this.#cluster.counts.transfers += 1;
    return true;
  }
}

/** Anywhere before the last frame: that one cannot be told from a torn write, which is a known limit. */
function flipBitInLog(node: VirtualNode, random: Random, inNewest = false): boolean {
  const paths = node.files.paths.filter((path) => path.endsWith('.log'));
  if (paths.length === 0) return false;
  const path = inNewest ? paths.at(-1)! : pick(random, paths);
  const bytes = node.files.bytes(path);
  const header = decodeSegmentHeader(bytes);
  if (header.kind !== 'ok') return false;
  let lastStart = SEGMENT_HEADER_BYTES;
  let end = SEGMENT_HEADER_BYTES;
  for (let frame = decodeFrame(bytes, header.header.nonce, end); frame !== null; ) {
    lastStart = end;
    end = frame.end;
    frame = decodeFrame(bytes, header.header.nonce, end);
  }
  if (lastStart === SEGMENT_HEADER_BYTES) return false;
  const place = Math.floor(random() * lastStart);
  bytes[place]! ^= 1 << Math.floor(random() * 8);
  return true;
}
