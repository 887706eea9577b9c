/** Agents as processes on loopback: a node that is removed, and whoever has its disk, stays out. */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { AuthorityAnswer } from '../admin/protocol.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

interface Removal {
  readonly id: string;
  readonly done: boolean;
}

async function remove(through: TestNode, node: string, force = false): Promise<Removal> {
  return (await through.request('node.remove', { node, force })) as Removal;
}

/** Once nobody trusts another one any more. */
async function authority(node: TestNode): Promise<string> {
  return until('one CA is in force', async () => {
    const answer = (await node.request('ca', { action: 'status' })) as AuthorityAnswer;
    return answer.waitingFor === null ? answer.authority : null;
  });
}

async function startAll(nodes: readonly TestNode[]): Promise<void> {
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  await until('every node is a member', async () => (await nodes[0]!.status()).nodes.length === nodes.length);
}

async function find(nodes: readonly TestNode[], isLeader: boolean): Promise<TestNode> {
  const { leader } = await nodes[0]!.status();
  for (const node of nodes) if (((await node.info()).id === leader) === isLeader) return node;
  throw new Error('no such node');
}

/** Whether those who have the key that seals the CA's are the voters, and nobody else. */
async function holdersAreVoters(nodes: readonly TestNode[]): Promise<boolean> {
  const status = await nodes[0]!.status();
  const voters = status.nodes.filter(({ role }) => role === 'voter').map(({ id }) => id);
  const holders: string[] = [];
  for (const node of nodes)
    if (existsSync(path.join(node.dataDirectory, 'pki/sealing.key'))) holders.push((await node.info()).id);
  return voters.length === 3 && voters.sort().join() === holders.sort().join();
}

t.test('a follower and the leader are removed while all goes on, and neither comes back', async (t) => {
  const nodes = await makeNodes(t, { size: 5 });
  await startAll(nodes);
  let left: readonly TestNode[] = nodes;
  const authorities = new Set([await authority(nodes[0]!)]);
  for (const isLeader of [false, true]) {
    const gone = await find(left, isLeader);
    const { id } = await gone.info();
    left = left.filter((node) => node !== gone);
    t.match(await remove(left[0]!, id), { id, done: true });
    const status = await untilHighlyAvailable(left);
    t.notOk(
      status.nodes.some((node) => node.id === id),
      'it is not listed any more',
    );
    await until('it knows', async () => (await gone.status()).self.state === 'removed');
    t.match((await gone.status()).reason, /was removed from the cluster "test".*factory reset/);
    await t.rejects(gone.put('key', 'from outside'), 'it writes nothing');
    await gone.stop('SIGKILL');
    gone.start();
    await until('it knows after a restart too', async () => (await gone.status()).self.state === 'removed');
    // As somebody would try who has the disk: the key, but no membership, and the enrolment secret.
    await gone.stop('SIGKILL');
    for (const name of ['member.json', 'log', 'state.db', 'removed.json'])
      rmSync(path.join(gone.dataDirectory, name), { recursive: true, force: true });
    gone.start();
    await until('it is refused', async () =>
      /was removed from the cluster/.test((await gone.status()).reason ?? ''),
    );
    await gone.stop('SIGKILL');
    authorities.add(await authority(left[0]!));
  }
  t.equal(authorities.size, 3, 'whoever has a disk with the key of the CA has that of one before');
  await left[0]!.put('key', 'still here');
  t.equal(await left[1]!.get('key'), 'still here');
  await until('the voters that took the seats have the sealing key', () => holdersAreVoters(left));
});

t.test('of three nodes one that is off is removed, and of two the leader', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  await startAll(nodes);
  await nodes[0]!.put('key', 'kept');
  const off = await find(nodes, false);
  const { id } = await off.info();
  await off.stop('SIGKILL');
  const left = nodes.filter((node) => node !== off);
  t.match(await remove(left[0]!, id), { done: true });
  await until('one of two votes', async () => {
    const { nodes: listed } = await left[0]!.status();
    return listed.length === 2 && listed.filter(({ role }) => role === 'voter').length === 1;
  });
  const leader = await find(left, true);
  const last = left.find((node) => node !== leader)!;
  await until('the other stands by', async () => {
    const standby = (await last.status()).nodes.find(({ role }) => role === 'standby');
    return standby !== undefined && standby.lag < 10 && standby.appliedIndex > 0;
  });
  t.match(await remove(last, (await leader.info()).id), { done: true });
  await until('the last one leads alone', async () => {
    const status = await last.status();
    return status.nodes.length === 1 && status.leader === (await last.info()).id;
  });
  t.equal(await last.get('key'), 'kept');
  await authority(last);
  await t.rejects(remove(last, (await last.info()).id), /is the only node/);
  off.start();
  await until('the one that was off hears of it', async () => (await off.status()).self.state === 'removed');
});

t.test('with force a node is refused at once, where the cluster can spare it', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  await startAll(nodes);
  const leader = await find(nodes, true);
  const [first, second] = nodes.filter((node) => node !== leader) as [TestNode, TestNode];
  const ids = [(await first.info()).id, (await second.info()).id] as const;
  await t.rejects(remove(first, (await leader.info()).id, true), /leads the cluster, so it works/);
  await second.stop('SIGKILL');
  await until('it is seen to be off', async () =>
    (await leader.status()).nodes.some((node) => node.id === ids[1] && !node.online),
  );
  await t.rejects(remove(leader, ids[0], true), /1 of 3 voters would be left at once, and 2 are needed/);
  t.match(await remove(leader, ids[1], true), { id: ids[1], done: true });
  t.equal((await leader.status()).nodes.length, 2);
  await t.rejects(remove(leader, 'nobody'), /There is no node "nobody"\. The nodes are: /);
});
