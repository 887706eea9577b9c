/** One run: a cluster is formed, clients work, faults come and go, all is healed, and what everybody saw is judged. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ClusterStatus, KeyValue } from '../admin/protocol.ts';
import { seededRandom } from '../raft/testing/seeded-random.ts';
import { AgentProcess } from './agent-process.ts';
import { Clients } from './clients.ts';
import { begin, chooseFaults, describeFault, end, type ScheduledFault } from './faults.ts';
import { checkFinalState, checkHistory, checkWatches, type Operation, type WatchEvent } from './history.ts';
import { judgeBySearch } from './judge-by-search.ts';
import { Network } from './network.ts';
import { Watcher } from './watchers.ts';

export interface RunReport {
  readonly seed: number;
  readonly size: number;
  readonly faults: readonly string[];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly reads: number;
  readonly events: number;
  /** How often an agent ended by itself. */
  readonly ended: number;
  /** From the last fault's end until all nodes are there and agree. */
  readonly healSeconds: number;
  readonly problems: readonly string[];
}

const faultsMilliseconds = 6_000;
const healLimitMilliseconds = 60_000;
const pollMilliseconds = 100;
/** The faults begin when so much was written: a run in which hardly anything was proves nothing. */
const fewestAcknowledged = 100;

/** Never rejects for what the cluster did wrong: that is in the report, and the evidence in `directory`. */
export async function runOnce(seed: number, size: number, directory: string): Promise<RunReport> {
  const random = seededRandom(seed);
  const faults = chooseFaults(random, size, faultsMilliseconds);
  mkdirSync(directory, { recursive: true });
  const network = new Network(size);
  const nodes = Array.from(
    { length: size },
    (_, i) => new AgentProcess(i, path.join(directory, `n${i}`), network),
  );
  const run = new Run(nodes, network);
  try {
    const report = await run.perform(faults, seed);
    const file = path.join(directory, 'history.json');
    if (report.problems.length > 0) writeFileSync(file, JSON.stringify(run.history(), null, 1));
    return { seed, size, faults: faults.map(describeFault), ...report };
  } finally {
    run.close();
    await Promise.all(nodes.map((node) => node.close()));
    network.close();
  }
}

export function removeEvidence(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

type Judged = Omit<RunReport, 'seed' | 'size' | 'faults'>;

class Run {
  readonly #nodes: readonly AgentProcess[];
  readonly #network: Network;
  readonly #watchers: Watcher[] = [];
  readonly #problems: string[] = [];
  #clients: Clients | null = null;

  constructor(nodes: readonly AgentProcess[], network: Network) {
    this.#nodes = nodes;
    this.#network = network;
  }

  async perform(faults: readonly ScheduledFault[], seed: number): Promise<Judged> {
    for (const node of this.#nodes) node.start();
    const identities = await this.#untilWhole('the cluster has formed');
    if (identities === null) return this.#report(0);
    this.#watchers.push(...this.#nodes.map((node) => new Watcher(node)));
    this.#clients = new Clients(this.#nodes, seededRandom(seed + 1));
    await this.#untilBusy();
    await Promise.all(faults.map((fault) => this.#suffer(fault)));
    const healedAt = performance.now();
    const after = await this.#untilWhole('all nodes are back and agree');
    const healSeconds = (performance.now() - healedAt) / 1000;
    await this.#clients.stop();
    if (after !== null && after.join() !== identities.join()) {
      this.#problems.push(`the nodes came back as ${after.join()}, they were ${identities.join()}`);
    }
    if (after !== null) await this.#judgeEnd();
    this.#problems.push(...checkHistory(this.#operations));
    const searched = judgeBySearch(this.#operations);
    if (searched !== null) this.#problems.push(searched);
    return this.#report(healSeconds);
  }

  async #untilBusy(): Promise<void> {
    const deadline = performance.now() + healLimitMilliseconds;
    const acknowledged = (): number =>
      this.#operations.filter((each) => each.operation === 'write' && each.outcome === 'ok').length;
    while (acknowledged() < fewestAcknowledged && performance.now() < deadline) await pause(pollMilliseconds);
  }

  history(): { operations: readonly Operation[]; watches: Record<string, readonly WatchEvent[]> } {
    return { operations: this.#operations, watches: Object.fromEntries(this.#streams()) };
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  get #operations(): readonly Operation[] {
    return this.#clients?.operations ?? [];
  }

  #streams(): Map<string, readonly WatchEvent[]> {
    return new Map(this.#watchers.map((watcher) => [watcher.name, watcher.events]));
  }

  async #suffer({ fault, atMilliseconds, forMilliseconds }: ScheduledFault): Promise<void> {
    await pause(atMilliseconds);
    try {
      await begin(fault, this.#nodes, this.#network);
      await pause(forMilliseconds);
    } catch (error) {
      this.#problems.push(error instanceof Error ? error.message : String(error));
    }
    end(fault, this.#nodes, this.#network);
  }

  /** Waits until every node says that all are online and who leads; their ids. Null, and a problem, when that does not come. */
  async #untilWhole(what: string): Promise<readonly string[] | null> {
    const deadline = performance.now() + healLimitMilliseconds;
    let last: unknown = null;
    while (performance.now() < deadline) {
      try {
        const all = await Promise.all(this.#nodes.map((node) => node.status()));
        if (all.every((status) => isWhole(status, this.#nodes.length, all[0]?.leader ?? null))) {
          return all.map((status) => status.self.id);
        }
        last = all.map((status) => status.reason ?? `${status.self.name} sees ${countOnline(status)} online`);
      } catch (error) {
        last = error;
      }
      await pause(pollMilliseconds);
    }
    this.#problems.push(`waited in vain until ${what}; last: ${String(last)}`);
    return null;
  }

  /** What every node holds at the end, and what every watch saw until then. */
  async #judgeEnd(): Promise<void> {
    for (const node of this.#nodes) {
      try {
        const params = { key: '', prefix: true };
        const { items } = (await node.request('kv.get', params)) as { items: KeyValue[] };
        const found = new Map(
          items.map(({ key, value, modifyRevision }) => [key, { value, revision: modifyRevision }]),
        );
        const problems = checkFinalState(this.#operations, found);
        this.#problems.push(...problems.map((problem) => `node ${node.index}: ${problem}`));
      } catch (error) {
        this.#problems.push(`node ${node.index} cannot be read at the end: ${String(error)}`);
      }
    }
    await this.#untilWatched();
    this.#problems.push(...checkWatches(this.#streams(), this.#operations));
  }

  /** A watch may be a moment behind. */
  async #untilWatched(): Promise<void> {
    const deadline = performance.now() + healLimitMilliseconds / 2;
    const newest = (): number => Math.max(...this.#watchers.map((each) => each.events.at(-1)?.revision ?? 0));
    const acknowledged = Math.max(0, ...this.#operations.map((each) => each.storeRevision ?? 0));
    const isBehind = (watcher: Watcher): boolean =>
      (watcher.events.at(-1)?.revision ?? 0) < Math.max(newest(), acknowledged);
    while (this.#watchers.some(isBehind) && performance.now() < deadline) await pause(pollMilliseconds);
  }

  #report(healSeconds: number): Judged {
    const operations = this.#operations;
    const writes = operations.filter((each) => each.operation === 'write');
    const acknowledged = writes.filter((each) => each.outcome === 'ok').length;
    if (acknowledged < fewestAcknowledged) {
      this.#problems.push(`only ${acknowledged} writes were acknowledged in the whole run`);
    }
    return {
      acknowledged,
      unknown: writes.length - acknowledged,
      reads: operations.length - writes.length,
      events: this.#watchers.reduce((sum, watcher) => sum + watcher.events.length, 0),
      ended: this.#nodes.reduce((sum, node) => sum + node.ended, 0),
      healSeconds,
      problems: this.#problems,
    };
  }
}

function countOnline(status: ClusterStatus): number {
  return status.nodes.filter((node) => node.online).length;
}

function isWhole(status: ClusterStatus, size: number, leader: string | null): boolean {
  return (
    leader !== null &&
    status.leader === leader &&
    status.nodes.length === size &&
    countOnline(status) === size
  );
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
