/**
 * A deterministic cluster in one process: nodes, a network that can lose, delay, repeat and cut, and the
 * safety checker that watches every step. Scenarios drive it message by message or tick by tick; the random
 * test drives it by a seed.
 */
import { EMPTY_CONFIGURATION } from '../configuration.ts';
import type { Raft } from '../raft.ts';
import type { Configuration, LogIndex, Message, NodeId, SnapshotMeta, Term } from '../types.ts';
import { SafetyChecker } from './checker.ts';
import { type CoreSettings, type Disk, type Surroundings, TestNode } from './node.ts';
import { seededRandom } from './seeded-random.ts';

export const ELECTION_TICKS = 10;
const encoder = new TextEncoder();

export interface WantedSnapshot {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly session: number;
}

export function nodeIds(names: string): NodeId[] {
  return names.split('').map((name) => name as NodeId);
}

export function voters(names: string, learners = ''): Configuration {
  return { voters: nodeIds(names), outgoing: [], learners: nodeIds(learners) };
}

export function blankBase(configuration: Configuration = EMPTY_CONFIGURATION): SnapshotMeta {
  return { index: 0 as LogIndex, term: 0 as Term, configuration };
}

export class Network implements Surroundings {
  readonly checker = new SafetyChecker();
  readonly settings: CoreSettings;
  readonly nodes = new Map<NodeId, TestNode>();
  /** Messages on their way, oldest first. */
  wire: Message[] = [];
  wantedSnapshots: WantedSnapshot[] = [];
  reads = new Map<string, { readonly askedAt: LogIndex; index: LogIndex | null | undefined }>();
  /** Whether a message may be delivered; scenarios replace it. */
  passes: (message: Message) => boolean = () => true;
  /** Whether `settle` ships snapshots by itself. */
  shipsSnapshots = true;
  #cut = new Set<string>();

  constructor(names: string, settings: Partial<CoreSettings> & { seed?: number; learners?: string } = {}) {
    const { seed = 1, learners = '', ...core } = settings;
    const random = seededRandom(seed);
    this.settings = { electionTicks: ELECTION_TICKS, heartbeatTicks: 2, random, ...core };
    for (const id of nodeIds(names + learners)) this.add(id, voters(names, learners));
  }

  add(id: NodeId, configuration: Configuration = EMPTY_CONFIGURATION): TestNode {
    const disk: Disk = { hardState: null, base: blankBase(configuration), entries: [] };
    const node = new TestNode(id, disk, this);
    this.nodes.set(id, node);
    return node;
  }

  node(id: string): TestNode {
    const node = this.nodes.get(id as NodeId);
    if (node === undefined) throw new Error(`there is no node ${id}`);
    return node;
  }

  raft(id: string): Raft {
    return this.node(id).raft;
  }

  /** Starts a node anew with a log whose entries have these terms; its own term is at least the last one. */
  setLog(id: string, terms: readonly number[], term = terms.at(-1) ?? 0): void {
    const node = this.node(id);
    node.disk.hardState = { term: term as Term, vote: null, commit: 0 as LogIndex };
    node.disk.entries = terms.map((each, offset) => ({
      index: (offset + 1) as LogIndex,
      term: each as Term,
      kind: 'command',
      data: encoder.encode(`entry ${offset + 1} of term ${each}`),
    }));
    node.restart();
  }

  /** The terms of a node's log, from the first entry it still has. */
  terms(id: string): number[] {
    const entries = [...this.node(id).mirror.values()];
    return entries.sort((a, b) => a.index - b.index).map((entry) => entry.term);
  }

  send(messages: readonly Message[]): void {
    this.wire.push(...messages);
  }

  wantSnapshot(from: NodeId, to: NodeId, session: number): void {
    this.wantedSnapshots.push({ from, to, session });
  }

  readAnswered(context: string, index: LogIndex | null): void {
    const read = this.reads.get(context);
    if (read === undefined) throw new Error(`nobody asked for read ${context}`);
    if (read.index !== undefined) throw new Error(`read ${context} was answered twice`);
    read.index = index;
    if (index !== null) this.checker.readAnswered(context, read.askedAt, index);
  }

  /** Cuts the link in one direction. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }

  isolate(id: string): void {
    for (const other of this.nodes.keys()) {
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  deliver(message: Message): void {
    const node = this.nodes.get(message.to);
    const gone = node === undefined || !node.up || !this.nodes.get(message.from)?.up;
    if (gone || this.#cut.has(`${message.from}>${message.to}`) || !this.passes(message)) return;
    node.raft.step(structuredClone(message));
    node.takeAll();
  }

  ship({ from, to, session }: WantedSnapshot): void {
    const sender = this.node(from);
    if (!sender.up) return;
    const receiver = this.nodes.get(to);
    const reachable = receiver?.up && !this.#cut.has(`${from}>${to}`);
    if (!reachable) {
      sender.raft.snapshotFailed(to, session);
    } else {
      receiver.received.set(sender.appliedIndex, [...sender.machine]);
      sender.raft.snapshotSent(to, session, sender.appliedIndex);
    }
    sender.takeAll();
  }

  /** Syncs, delivers and ships until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < 10_000; round++) {
      for (const node of this.nodes.values()) {
        node.takeAll();
        while (node.unsynced.length > 0) {
          node.syncOne();
          node.takeAll();
        }
      }
      if (this.shipsSnapshots) for (const wanted of this.wantedSnapshots.splice(0)) this.ship(wanted);
      const message = this.wire.shift();
      if (message !== undefined) this.deliver(message);
      else if ([...this.nodes.values()].every((node) => node.unsynced.length === 0)) return;
    }
    throw new Error('the cluster does not come to rest');
  }

  tick(id: string, count = 1): void {
    const node = this.node(id);
    for (let left = count; left > 0 && node.up; left--) {
      node.raft.tick();
      this.settle();
    }
  }

  /** Time passes for everybody. */
  run(ticks: number): void {
    for (let left = ticks; left > 0; left--) {
      for (const node of this.nodes.values()) if (node.up) node.raft.tick();
      this.settle();
    }
  }

  /** Time passes until the condition holds; fails after a bound. */
  runUntil(what: string, condition: () => boolean, ticks = 300): void {
    for (let left = ticks; !condition(); left--) {
      if (left === 0) throw new Error(`in vain: ${what}; ${this.describe()}`);
      this.run(1);
    }
  }

  /** The state of all nodes, for the text of a failure. */
  describe(): string {
    return [...this.nodes.values()].map((each) => JSON.stringify(each.raft.status())).join('\n');
  }

  /** Makes this node the leader by letting time pass for it alone; the others have long heard nothing. */
  elect(id: string): void {
    for (const node of this.nodes.values()) {
      if (!node.up || node.id === id) continue;
      for (let ticks = 0; ticks < ELECTION_TICKS; ticks++) node.raft.tick();
      node.takeAll();
    }
    this.wire = [];
    for (let ticks = 0; ticks < 3 * ELECTION_TICKS && this.role(id) !== 'leader'; ticks++) this.tick(id);
    if (this.role(id) !== 'leader') throw new Error(`${id} was not elected`);
  }

  role(id: string): string {
    return this.raft(id).status().role;
  }

  /** The leader of the highest term among those that are up, if any. */
  leader(): NodeId | null {
    const statuses = [...this.nodes.values()].filter((each) => each.up).map((each) => each.raft.status());
    const leaders = statuses.filter((each) => each.role === 'leader').sort((a, b) => b.term - a.term);
    return leaders[0]?.id ?? null;
  }

  propose(id: string, text: string): ReturnType<Raft['propose']> {
    const outcome = this.raft(id).propose(encoder.encode(text));
    this.node(id).takeAll();
    return outcome;
  }

  change(id: string, voterNames: string, learnerNames = ''): ReturnType<Raft['proposeConfiguration']> {
    const target = { voters: nodeIds(voterNames), learners: nodeIds(learnerNames) };
    const outcome = this.raft(id).proposeConfiguration(target);
    this.node(id).takeAll();
    return outcome;
  }

  read(id: string, context: string): void {
    this.reads.set(context, { askedAt: this.checker.highestCommit, index: undefined });
    this.raft(id).requestRead(context);
    this.node(id).takeAll();
  }
}
