/** Agents as processes on loopback: how soon a lost seat is taken, and how a node leaves without anybody noticing. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { ClusterStatus, NodeRole, NodeStatus } from '../admin/protocol.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

/** The goal is 5 s on a quiet machine; the tests may share theirs with other work. */
const replacementMilliseconds = 10_000;

function withRole(status: ClusterStatus, role: NodeRole): NodeStatus[] {
  return status.nodes.filter((node) => node.role === role);
}

async function find(nodes: readonly TestNode[], id: string): Promise<TestNode> {
  for (const node of nodes) if (node.running && (await node.info()).id === id) return node;
  throw new Error(`no running node has the id ${id}`);
}

/** Starts the nodes and waits for three voters and so many standbys that have caught up. */
async function start(nodes: readonly TestNode[], standbys: number): Promise<ClusterStatus> {
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  return until('the standbys have caught up', async () => {
    const status = await (nodes[0] as TestNode).status();
    const ready = withRole(status, 'standby').filter((node) => node.online && node.lag < 10);
    return ready.length === standbys && withRole(status, 'voter').length === 3 ? status : null;
  });
}

/** Waits until three voters are online and the given node is not one of them; the milliseconds it took. */
async function untilReplaced(witness: TestNode, lostId: string): Promise<number> {
  const startedAt = performance.now();
  await until('the seat is taken', async () => {
    const voters = withRole(await witness.status(), 'voter');
    return voters.length === 3 && voters.every((node) => node.online && node.id !== lostId);
  });
  return performance.now() - startedAt;
}

t.test('who votes can open what the CA is sealed with, and who does not vote cannot', async (t) => {
  const nodes = await makeNodes(t, { size: 4, more: { datastore: {} } });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  const status = await (nodes[0] as TestNode).status();
  const holds = (node: TestNode): boolean => existsSync(path.join(node.dataDirectory, 'pki/sealing.key'));
  // As soon as there are three voters, two of them may be lost with their disks.
  for (const { id } of withRole(status, 'voter')) t.ok(holds(await find(nodes, id)), 'a voter');
  for (const node of nodes) {
    const { id } = await node.info();
    if (withRole(status, 'voter').some((voter) => voter.id === id)) continue;
    // It may have been about to vote, and was given the key before another was chosen.
    await until('who has no seat has no key', async () => !holds(node));
  }
});

t.test('a voter that is killed is replaced by a standby within seconds, the leader too', async (t) => {
  const nodes = await makeNodes(t, { size: 5, more: { datastore: {} } });
  const before = await start(nodes, 2);
  for (const isLeader of [false, true]) {
    const status = isLeader ? await (nodes.find((node) => node.running) as TestNode).status() : before;
    const lost = withRole(status, 'voter').find((node) => (node.id === status.leader) === isLeader);
    const node = await find(nodes, lost?.id ?? '');
    await node.stop('SIGKILL');
    const witness = nodes.find((each) => each.running) as TestNode;
    const took = await untilReplaced(witness, lost?.id ?? '');
    t.comment(`${isLeader ? 'the leader' : 'a voter'} was replaced after ${Math.round(took)} ms`);
    t.ok(took < replacementMilliseconds, `${Math.round(took)} ms`);
  }
});

t.test('a voter that is told to stop has given its seat away when it is gone, the leader too', async (t) => {
  const nodes = await makeNodes(t, { size: 5, more: { datastore: {} } });
  await start(nodes, 2);
  for (const isLeader of [false, true]) {
    const status = await (nodes.find((node) => node.running) as TestNode).status();
    const going = withRole(status, 'voter').find((node) => (node.id === status.leader) === isLeader);
    const node = await find(nodes, going?.id ?? '');
    const startedAt = performance.now();
    await node.stop('SIGTERM');
    const took = Math.round(performance.now() - startedAt);
    const after = await (nodes.find((each) => each.running) as TestNode).status();
    const voters = withRole(after, 'voter');
    t.same([voters.length, after.highAvailability], [3, true], `highly available all the time (${took} ms)`);
    t.notOk(
      voters.some((voter) => voter.id === going?.id),
      'another has the seat',
    );
    t.ok(after.leader !== null && after.leader !== going?.id, 'there is a leader');
  }
});

t.test('the only voter of two hands the cluster over to the standby', async (t) => {
  const nodes = (await makeNodes(t, { size: 2, expect: 2 })) as [TestNode, TestNode];
  for (const node of nodes) node.start();
  const before = await until('one votes and one stands by', async () => {
    const status = await nodes[0].status();
    return withRole(status, 'standby').some((node) => node.online && node.appliedIndex > 0) ? status : null;
  });
  t.match(before.reason, /With two nodes only one votes/);
  const voter = await find(nodes, before.leader ?? '');
  const other = nodes.find((node) => node !== voter) as TestNode;
  await voter.put('key', 'before');
  await voter.stop('SIGTERM');
  await other.put('key', 'after');
  t.equal(await other.get('key'), 'after', 'the other writes and reads alone');
  voter.start();
  await until('the first is back and stands by', async () => {
    const [standby] = withRole(await other.status(), 'standby');
    return standby?.online === true && (await voter.get('key')) === 'after';
  });
});

t.test('voters are spread over failure domains, and the status shows domains and weights', async (t) => {
  const cluster = { name: 'test', secret: 'a secret for tests, long enough', expect: 3 };
  const nodes = await makeNodes(t, {
    size: 4,
    moreOf: (i) => ({ cluster: { ...cluster, failureDomain: i === 3 ? 'west' : 1, weight: i } }),
  });
  for (const node of nodes.slice(0, 3)) node.start();
  await untilHighlyAvailable(nodes);
  (nodes[3] as TestNode).start();
  const status = await until('a node of the other domain votes', async () => {
    const now = await (nodes[0] as TestNode).status();
    const voters = withRole(now, 'voter');
    return voters.length === 3 && voters.some((node) => node.failureDomain === 'west') ? now : null;
  });
  t.same(status.nodes.map((node) => `${node.failureDomain} ${node.weight}`).sort(), [
    '1 0',
    '1 1',
    '1 2',
    'west 3',
  ]);
});
