/** Agents that know no addresses but by discovery, in a network that can be changed under them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClusterStatus, NodeStatus } from '../admin/protocol.ts';
import { AgentProcess } from './agent-process.ts';
import { Network } from './network.ts';

const size = 3;
const limitMilliseconds = 60_000;
const pollMilliseconds = 100;

export class Stage {
  readonly size = size;
  /** One more than nodes: the last is a stranger's. */
  readonly network = new Network(size + 1);
  readonly directory = mkdtempSync(path.join(tmpdir(), 'trivet-moves-'));
  nodes: AgentProcess[] = [];
  readonly #stops: (() => Promise<void>)[] = [];

  makeNodes(discovery: Record<string, unknown>, settings: { readonly hasApi?: boolean } = {}): void {
    this.nodes = Array.from(
      { length: size },
      (_, i) =>
        new AgentProcess(i, path.join(this.directory, `n${i}`), this.network, { discovery, ...settings }),
    );
  }

  /** Waits until all see each other, and where all are told that each is, it may be; the status. */
  async untilWhole(what: string, mayBe: (node: NodeStatus) => boolean = () => true): Promise<ClusterStatus> {
    const startedAt = performance.now();
    let last: unknown = null;
    while (performance.now() - startedAt < limitMilliseconds) {
      try {
        const all = await Promise.all(this.nodes.map((node) => node.status()));
        const leader = all[0]?.leader;
        const whole = all.every(
          ({ nodes, ...status }) =>
            status.leader === leader &&
            status.highAvailability &&
            nodes.length === size &&
            nodes.every((node) => node.online && mayBe(node)),
        );
        if (whole && leader && all[0]) {
          say(`${what} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
          return all[0];
        }
        last = all.map(({ reason, nodes }) => [reason, nodes.map((node) => [node.online, node.address])]);
      } catch (error) {
        last = error;
      }
      await pause(pollMilliseconds);
    }
    throw new Error(`waited in vain: ${what}; last: ${last instanceof Error ? last : JSON.stringify(last)}`);
  }

  async form(): Promise<ClusterStatus> {
    for (const node of this.nodes) node.start();
    const status = await this.untilWhole('formed');
    await this.nodes[0]?.request('kv.put', { key: 'kept', value: 'yes' });
    return status;
  }

  /** What was written before is there, and something can be written, on every node. */
  async useAll(): Promise<void> {
    for (const node of this.nodes) {
      const { items } = (await node.request('kv.get', { key: 'kept' })) as { items: { value: string }[] };
      if (items[0]?.value !== 'yes')
        throw new Error(`node ${node.index} lost the key: ${JSON.stringify(items)}`);
      await node.request('kv.put', { key: `after-${node.index}`, value: 'written' });
    }
  }

  /** Of the nodes, in their order. */
  ids(): Promise<string[]> {
    return Promise.all(this.nodes.map(async (node) => (await node.status()).self.id));
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  moveAll(subnet: string): void {
    this.network.addGateway(subnet);
    for (const node of this.nodes) this.network.move(node.index, subnet);
  }

  /** What is to be stopped with the stage; it may be called twice. */
  onClose(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  async close(failed: boolean): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await Promise.all(this.nodes.map((node) => node.close()));
    if (failed) for (const node of this.nodes) say(`${node.logFile}:\n${readFileSync(node.logFile, 'utf8')}`);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
