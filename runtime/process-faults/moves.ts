/**
 * `node moves.ts STORY`: real agents, each in a network namespace of its own, whose addresses change. The roster is wrong
 * then, and so is what each has on disk: discovery alone brings them together again. Stories: `moves.test.ts`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClusterStatus } from '../admin/protocol.ts';
import { DnsServer } from '../cluster/discovery/testing/dns-server.ts';
import { AgentProcess } from './agent-process.ts';
import { Network } from './network.ts';
import { hideRun, isInside, putOver, runInside, sandboxWords } from './sandbox.ts';

const size = 3;
const otherSubnet = '10.78.0';
const nameServer = '10.9.9.9';
const limitMilliseconds = 60_000;
const pollMilliseconds = 100;
const floodSeconds = 15;
/** A flood may cost an agent some memory for what it is working on, not more with every packet. */
const mostGrowthMebibytes = 60;

class Stage {
  /** One more than nodes: the last is a stranger's. */
  readonly network = new Network(size + 1);
  readonly directory = mkdtempSync(path.join(tmpdir(), 'trivet-moves-'));
  nodes: AgentProcess[] = [];

  makeNodes(discovery: Record<string, unknown>): void {
    this.nodes = Array.from(
      { length: size },
      (_, i) => new AgentProcess(i, path.join(this.directory, `n${i}`), this.network, { discovery }),
    );
  }

  /** Waits until all see each other, and the addresses that all are told are as wanted; the status. */
  async untilWhole(
    what: string,
    isAddress: (address: string) => boolean = () => true,
  ): Promise<ClusterStatus> {
    const startedAt = performance.now();
    let last: unknown = null;
    while (performance.now() - startedAt < limitMilliseconds) {
      try {
        const all = await Promise.all(this.nodes.map((node) => node.status()));
        const leader = all[0]?.leader;
        const whole = all.every(
          ({ nodes, ...status }) =>
            status.leader === leader &&
            nodes.length === size &&
            nodes.every((node) => node.online && isAddress(node.address)),
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

  async stopAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  moveAll(): void {
    this.network.addGateway(otherSubnet);
    for (const node of this.nodes) this.network.move(node.index, otherSubnet);
  }

  async close(failed: boolean): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    if (failed) for (const node of this.nodes) say(`${node.logFile}:\n${readFileSync(node.logFile, 'utf8')}`);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const stories: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  multicast: async (stage) => {
    stage.makeNodes({ mdns: true });
    await stage.form();
    await stage.stopAll();
    stage.moveAll();
    await start(stage);
  },

  ipv6: async (stage) => {
    for (let node = 0; node < size; node += 1) stage.network.removeIpv4(node);
    stage.makeNodes({ mdns: true });
    const { nodes } = await stage.form();
    const zoned = nodes.filter(({ address }) => !/^\[fe80::[0-9a-f:]+\]:7443$/.test(address));
    if (zoned.length > 0) throw new Error(`not link-local, or with a zone: ${JSON.stringify(zoned)}`);
    await stage.stopAll();
    for (const node of stage.nodes) stage.network.moveLinkLocal(node.index, `77:${node.index + 1}`);
    for (const node of stage.nodes) node.start();
    await stage.untilWhole('found each other again', (address) => address.startsWith('[fe80::77:'));
    await stage.useAll();
  },

  names: async (stage) => {
    const names = await DnsServer.listen(prepareNames(stage), 53);
    const point = (): void => {
      names.records = Array.from({ length: size }, (_, node) => ({
        ...{ name: `node-${node}.edge.test`, type: 'A', data: stage.network.address(node), ttl: 5 },
      }));
    };
    point();
    stage.makeNodes({ mdns: false, addresses: names.records.map(({ name }) => name) });
    await stage.form();
    await stage.stopAll();
    stage.moveAll();
    point();
    await start(stage);
    names.close();
  },

  services: async (stage) => {
    const names = await DnsServer.listen(prepareNames(stage), 53);
    const point = (generation: string): void => {
      const target = (node: number): string => `${generation}-${node}.edge.test`;
      const places = Array.from({ length: size }, (_, node) => node);
      names.records = [
        ...places.map((node) => ({
          ...{ name: '_trivet._tcp.edge.test', type: 'SRV' as const, ttl: 5 },
          data: { port: 7443, priority: node, weight: 1, target: target(node) },
        })),
        ...places.map((node) => ({
          ...{ name: target(node), type: 'A' as const, ttl: 5, data: stage.network.address(node) },
        })),
      ];
    };
    point('first');
    stage.makeNodes({ mdns: false, domain: 'edge.test' });
    await stage.form();
    await stage.stopAll();
    stage.moveAll();
    point('second');
    await start(stage);
    names.close();
  },

  running: async (stage) => {
    stage.makeNodes({ mdns: true });
    const { leader } = await stage.form();
    stage.network.addGateway(otherSubnet);
    // No router joins the two subnets: what is left to a node that has moved is its link-local IPv6 address.
    const moved = new Set<string>();
    const ids = await Promise.all(stage.nodes.map(async (node) => (await node.status()).self.id));
    const follower = ids.findIndex((id) => id !== leader);
    for (const [index, who] of [
      [follower, 'a follower'],
      [ids.indexOf(leader ?? ''), 'the leader'],
    ] as const) {
      const id = ids[index] ?? '';
      stage.network.move(index, otherSubnet);
      moved.add(id);
      await untilMoved(stage, moved, `${who} moved while it ran: healed`);
      await stage.useAll();
    }
  },

  flood: async (stage) => {
    stage.makeNodes({ mdns: true });
    const { nodes } = await stage.form();
    const before = stage.nodes.map(residentMebibytes);
    const words = [
      ...stage.network.enter(size),
      process.execPath,
      path.join(import.meta.dirname, 'flood.ts'),
    ];
    const [program = '', ...more] = [...words, String(floodSeconds), ...nodes.map(({ id }) => id)];
    const flood = spawn(program, more, { stdio: 'inherit' });
    const ended = new Promise((resolve) => flood.once('exit', resolve));
    for (let write = 0; write < 20; write += 1) {
      await stage.nodes[write % size]?.request('kv.put', { key: `flooded-${write}`, value: 'written' });
      await pause(200);
    }
    // In the midst of it one moves: who lies about where it is does not keep the others from finding it.
    stage.network.addGateway(otherSubnet);
    stage.network.move(0, otherSubnet);
    const id = (await stage.nodes[0]?.status())?.self.id ?? '';
    await untilMoved(stage, new Set([id]), 'a node moved under a flood of lies: healed');
    await ended;
    const growth = stage.nodes.map((node, i) => residentMebibytes(node) - (before[i] ?? 0));
    say(`resident memory grew by ${growth.map((each) => each.toFixed(0)).join(', ')} MiB`);
    if (Math.max(...growth) > mostGrowthMebibytes) throw new Error('memory grew with the flood');
    if (stage.nodes.some((node) => node.ended > 0)) throw new Error('an agent ended by itself');
    await stage.useAll();
  },
};

async function start(stage: Stage): Promise<void> {
  for (const node of stage.nodes) node.start();
  await stage.untilWhole('found each other again', (address) => address.startsWith(otherSubnet));
  await stage.useAll();
}

/** Until everybody is online, and nobody is looked for where it was. */
async function untilMoved(stage: Stage, moved: ReadonlySet<string>, what: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const { nodes } = await stage.untilWhole(what);
    if (nodes.every(({ id, address }) => !moved.has(id) || !address.startsWith('10.77.'))) return;
    if (performance.now() - startedAt > limitMilliseconds)
      throw new Error(`waited in vain: ${what}; last: ${JSON.stringify(nodes)}`);
    await pause(pollMilliseconds);
  }
}

/** All nodes ask a name server that stays where it is; its address. */
function prepareNames({ network, directory }: Stage): string {
  network.addOwnAddress(`${nameServer}/32`);
  const first = network.address(0).replace(/\.\d+$/, '');
  network.addGateway(first);
  for (let node = 0; node < size; node += 1) network.move(node, first);
  putOver('/etc/resolv.conf', `nameserver ${nameServer}\n`, path.join(directory, 'resolv.conf'));
  return nameServer;
}

function residentMebibytes({ pid }: AgentProcess): number {
  const [, kibibytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function main(): Promise<number> {
  const [name = ''] = process.argv.slice(2);
  const story = stories[name];
  if (story === undefined) {
    process.stderr.write(`moves: name a story: ${Object.keys(stories).join(', ')}\n`);
    return 2;
  }
  if (!isInside()) {
    const words = sandboxWords();
    if (words === null) throw new Error('this needs network namespaces: run it as root');
    return runInside(words, [import.meta.filename, name]);
  }
  hideRun();
  const stage = new Stage();
  let failed = true;
  try {
    await story(stage);
    failed = false;
  } finally {
    await stage.close(failed);
  }
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`moves: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
