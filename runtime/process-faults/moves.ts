/**
 * `node moves.ts STORY`: real agents, each in a network namespace of its own, whose addresses change. The roster is wrong
 * then, and so is what each has on disk: discovery alone brings them together again. Stories: `moves.test.ts`.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NodeStatus } from '../admin/protocol.ts';
import { DnsServer } from '../cluster/discovery/testing/dns-server.ts';
import type { AgentProcess } from './agent-process.ts';
import { hideRun, isInside, putOver, runInside, sandboxWords } from './sandbox.ts';
import { pause, Stage, say } from './stage.ts';

const otherSubnet = '10.78.0';
/** Within the subnet that nodes begin in. */
const otherLease = '10.77.9';
const nameServer = '10.9.9.9';
/** A flood may cost an agent some memory for what it is working on, not more with every packet. */
const mostGrowthMebibytes = 60;

const stories: Readonly<Record<string, (stage: Stage) => Promise<void>>> = {
  multicast: async (stage) => {
    stage.makeNodes({ mdns: true });
    const { nodes } = await stage.form();
    // They hear each other over IPv6 too; what others are told is what others can use.
    if (!nodes.every(({ address }) => address.startsWith('10.77.0.')))
      throw new Error(`not all at their IPv4 addresses: ${JSON.stringify(nodes)}`);
    await stage.stopAll();
    stage.moveAll(otherSubnet);
    await start(stage);
  },

  ipv6: async (stage) => {
    for (let node = 0; node < stage.size; node += 1) stage.network.removeIpv4(node);
    stage.makeNodes({ mdns: true });
    const { nodes } = await stage.form();
    const zoned = nodes.filter(({ address }) => !/^\[fe80::[0-9a-f:]+\]:7443$/.test(address));
    if (zoned.length > 0) throw new Error(`not link-local, or with a zone: ${JSON.stringify(zoned)}`);
    await stage.stopAll();
    for (const node of stage.nodes) stage.network.moveLinkLocal(node.index, `77:${node.index + 1}`);
    for (const node of stage.nodes) node.start();
    await stage.untilWhole('found each other again', ({ address }) => address.startsWith('[fe80::77:'));
    await stage.useAll();
  },

  names: async (stage) => {
    const names = await DnsServer.listen(prepareNames(stage), 53);
    const point = (): void => {
      names.records = Array.from({ length: stage.size }, (_, node) => ({
        ...{ name: `node-${node}.edge.test`, type: 'A', data: stage.network.address(node), ttl: 5 },
      }));
    };
    point();
    stage.makeNodes({ mdns: false, addresses: names.records.map(({ name }) => name) });
    await stage.form();
    await stage.stopAll();
    stage.moveAll(otherSubnet);
    point();
    await start(stage);
    names.close();
  },

  services: async (stage) => {
    const names = await DnsServer.listen(prepareNames(stage), 53);
    const point = (generation: string): void => {
      const target = (node: number): string => `${generation}-${node}.edge.test`;
      const places = Array.from({ length: stage.size }, (_, node) => node);
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
    stage.moveAll(otherSubnet);
    point('second');
    await start(stage);
    names.close();
  },

  lease: async (stage) => {
    for (let node = 0; node < stage.size; node += 1) stage.network.removeIpv6(node);
    await moveRunning(stage, otherLease);
  },

  // No router joins the two subnets: what is left to a node that has moved is its link-local IPv6 address.
  subnet: (stage) => moveRunning(stage, otherSubnet),

  flood: async (stage) => {
    // Its memory is measured, and the API would still be loading.
    stage.makeNodes({ mdns: true }, { hasApi: false });
    const stopFirst = startFlood(stage, []);
    const { nodes } = await stage.form();
    await stopFirst();
    const before = stage.nodes.map(residentMebibytes);
    const stop = startFlood(
      stage,
      nodes.map(({ id }) => id),
    );
    for (let write = 0; write < 20; write += 1) {
      await stage.nodes[write % stage.size]?.request('kv.put', { key: `flooded-${write}`, value: 'written' });
      await pause(200);
    }
    // In the midst of it one moves: who lies about where it is does not keep the others from finding it.
    stage.network.addGateway(otherSubnet);
    stage.network.move(0, otherSubnet);
    const moved = new Set((await stage.ids()).slice(0, 1));
    await stage.untilWhole('a node moved under a flood of lies: healed', notWhereItWas(moved));
    await stop();
    const growth = stage.nodes.map((node, i) => residentMebibytes(node) - (before[i] ?? 0));
    say(`resident memory grew by ${growth.map((each) => each.toFixed(0)).join(', ')} MiB`);
    if (Math.max(...growth) > mostGrowthMebibytes) throw new Error('memory grew with the flood');
    if (stage.nodes.some((node) => node.ended > 0)) throw new Error('an agent ended by itself');
    await stage.useAll();
  },
};

async function start(stage: Stage): Promise<void> {
  for (const node of stage.nodes) node.start();
  await stage.untilWhole('found each other again', ({ address }) => address.startsWith(otherSubnet));
  await stage.useAll();
}

/** A follower's address changes while it runs, then the leader's. */
async function moveRunning(stage: Stage, subnet: string): Promise<void> {
  stage.makeNodes({ mdns: true });
  const { leader } = await stage.form();
  stage.network.addGateway(subnet);
  const ids = await stage.ids();
  const moved = new Set<string>();
  const follower = ids.findIndex((id) => id !== leader);
  for (const index of [follower, ids.indexOf(leader ?? '')]) {
    stage.network.move(index, subnet);
    moved.add(ids[index] ?? '');
    const who = index === follower ? 'a follower' : 'the leader';
    await stage.untilWhole(`${who} moved while it ran: healed`, notWhereItWas(moved));
    await stage.useAll();
  }
}

/** For those that have moved: known at another address than at first. */
function notWhereItWas(moved: ReadonlySet<string>): (node: NodeStatus) => boolean {
  return ({ id, address }) => !moved.has(id) || !address.startsWith('10.77.0.');
}

/** The stranger lies on the link, about these members too, until it is stopped. */
function startFlood(stage: Stage, members: readonly string[]): () => Promise<void> {
  const { network, size } = stage;
  const flood = path.join(import.meta.dirname, 'flood.ts');
  const [program = '', ...words] = [...network.enter(size), process.execPath, flood, ...members];
  const child = spawn(program, words, { stdio: 'inherit' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = (): Promise<void> => {
    child.kill('SIGTERM');
    return ended;
  };
  stage.onClose(stop);
  return stop;
}

/** All nodes ask a name server that stays where it is; its address. */
function prepareNames({ network, directory, size }: Stage): string {
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
