/** Agents as processes on loopback: what a cluster survives, and that it loses nothing it has confirmed. */
import { createHash } from 'node:crypto';
import t, { type Test } from 'tap';
import { connectAdmin } from '../admin/client.ts';
import type { ClusterStatus } from '../admin/protocol.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

async function start(nodes: readonly TestNode[]): Promise<ClusterStatus> {
  for (const node of nodes) node.start();
  return untilHighlyAvailable(nodes);
}

/** The node whose id is `id`, by asking each who it is. */
async function find(nodes: readonly TestNode[], id: string | null): Promise<TestNode> {
  for (const node of nodes) if (node.running && (await node.info()).id === id) return node;
  throw new Error(`no running node has the id ${id}`);
}

interface OpenedBackup {
  readonly id: number;
  readonly header: { revision: number; quorum: boolean; sizeBytes: number; digest: string };
}

/** Reads a whole backup through the administration protocol and checks it against what its header says. */
async function backUp(t: Test, node: TestNode): Promise<void> {
  const revision = await node.put('before', 'the backup');
  const { id, header } = (await node.request('backup.open')) as OpenedBackup;
  t.match(header, { revision, quorum: true });
  const digest = createHash('sha256');
  let offset = 0;
  while (offset < header.sizeBytes) {
    const { data } = (await node.request('backup.piece', { id, offset })) as { data: string };
    const piece = Buffer.from(data, 'base64');
    if (piece.length === 0) break;
    digest.update(piece);
    offset += piece.length;
  }
  t.equal(offset, header.sizeBytes);
  t.equal(digest.digest('hex'), header.digest);
  await node.request('backup.close', { id });
  await t.rejects(node.request('backup.piece', { id, offset: 0 }), /closed/);
}

t.test('a killed leader is replaced, and nothing confirmed is lost', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  const before = await start(nodes);
  const leader = await find(nodes, before.leader);
  for (let i = 0; i < 20; i += 1) await leader.put(`key-${i}`, `value-${i}`);
  await leader.stop('SIGKILL');
  const survivors = nodes.filter((node) => node !== leader) as [TestNode, TestNode];
  const after = await until('another node leads', async () => {
    const status = await survivors[0].status();
    return status.leader !== null && status.leader !== before.leader ? status : null;
  });
  t.equal(after.highAvailability, false, 'two of three do not survive another loss');
  await survivors[1].put('after', 'the loss');
  for (let i = 0; i < 20; i += 1) t.equal(await survivors[1].get(`key-${i}`), `value-${i}`);

  leader.start();
  await untilHighlyAvailable(survivors);
  t.equal((await until('it answers', () => leader.info())).id, before.leader, 'it comes back as itself');
  t.equal(await leader.get('after'), 'the loss');
});

t.test('all nodes killed at once come back with every confirmed write', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  await start(nodes);
  const confirmed: string[] = [];
  let writing = true;
  const writers = nodes.map(async (node, n) => {
    for (let i = 0; writing; i += 1) {
      await node.put(`w${n}-${i}`, String(i)).then(
        () => confirmed.push(`w${n}-${i}`),
        () => {},
      );
    }
  });
  await until('some writes are confirmed', async () => confirmed.length > 60);
  await Promise.all(nodes.map((node) => node.stop('SIGKILL')));
  writing = false;
  await Promise.all(writers);
  await start(nodes);
  const { items } = (await (nodes[2] as TestNode).request('kv.get', { key: 'w', prefix: true })) as {
    items: { key: string }[];
  };
  const found = new Set(items.map((item) => item.key));
  t.same(
    confirmed.filter((key) => !found.has(key)),
    [],
    `all ${confirmed.length} confirmed writes are there`,
  );
});

t.test('roles are kept at three voters and two standbys, and repaired', async (t) => {
  const nodes = await makeNodes(t, { size: 7 });
  const roleCount = (status: ClusterStatus, role: string): number =>
    status.nodes.filter((node) => node.role === role).length;
  await start(nodes);
  const formed = await until('three voters, two standbys, two spares', async () => {
    const status = await (nodes[0] as TestNode).status();
    return roleCount(status, 'voter') === 3 &&
      roleCount(status, 'standby') === 2 &&
      roleCount(status, 'spare') === 2
      ? status
      : null;
  });

  const spareId = formed.nodes.find((node) => node.role === 'spare')?.id ?? null;
  const spare = await find(nodes, spareId);
  await spare.put('from', 'a spare');
  t.equal(await spare.get('from'), 'a spare', 'a spare writes and reads through a replica');
  await t.test('a spare gives a backup, which the leader makes for it', (t) => backUp(t, spare));

  const lostId = formed.nodes.find((node) => node.role === 'voter' && node.id !== formed.leader)?.id ?? null;
  const lost = await find(nodes, lostId);
  await lost.stop('SIGKILL');
  const repaired = await until(
    'the seat of the lost voter is taken, and that of the standby too',
    async () => {
      const status = await spare.status();
      const voters = status.nodes.filter((node) => node.role === 'voter');
      if (status.nodes.some((node) => node.id === lostId && node.online)) return null;
      const isWhole = voters.length === 3 && voters.every((node) => node.online) && status.highAvailability;
      return isWhole && roleCount(status, 'standby') === 2 ? status : null;
    },
  );
  t.equal(repaired.nodes.find((node) => node.id === lostId)?.role, 'spare');

  lost.start();
  await until('the lost node is back as a spare', async () => {
    const status = await lost.status();
    return status.nodes.some((node) => node.id === lostId && node.online);
  });
  t.equal(await lost.get('from'), 'a spare', 'it reads what is current, without data of its own');
});

t.test('a node that was away too long for the log gets a snapshot', async (t) => {
  const datastore = {
    heartbeatMilliseconds: 50,
    electionMilliseconds: 500,
    keepEntries: 20,
    compactEvery: 40,
  };
  const nodes = await makeNodes(t, { size: 3, more: { datastore } });
  const before = await start(nodes);
  const away = await find(nodes, before.nodes.find((node) => node.id !== before.leader)?.id ?? null);
  await away.stop('SIGTERM');
  const writer = nodes.find((node) => node.running) as TestNode;
  for (let i = 0; i < 200; i += 1) await writer.put(`k${i % 50}`, `v${i}`);
  away.start();
  await until('it took a snapshot', async () => /took a snapshot from the leader/.test(away.output));
  t.equal(await away.get('k49'), 'v199');
  await untilHighlyAvailable(nodes);
  await away.put('after', 'the snapshot');
  t.equal(await writer.get('after'), 'the snapshot');
});

t.test('a watch goes on without gap or repetition when the leader is killed', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  const before = await start(nodes);
  const leader = await find(nodes, before.leader);
  const [watcher, writer] = nodes.filter((node) => node !== leader) as [TestNode, TestNode];
  const first = await writer.put('count/0', '0');
  const client = await connectAdmin(watcher.socket);
  t.teardown(() => client.close());
  const seen: { key: string; revision: number }[] = [];
  client
    .request(
      'kv.watch',
      { key: 'count/', prefix: true, revision: first },
      {
        timeoutMilliseconds: 0,
        onEvent: (event) => seen.push(event as { key: string; revision: number }),
      },
    )
    .catch(() => {});
  for (let i = 1; i <= 30; i += 1) {
    if (i === 15) await leader.stop('SIGKILL');
    await writer.put(`count/${i}`, String(i));
  }
  await until('the watch saw the last write', async () => seen.some((event) => event.key === 'count/30'));
  t.same(
    seen.map((event) => event.key),
    Array.from({ length: 31 }, (_, i) => `count/${i}`),
  );
});

t.test('a leader that is told to stop hands over first', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  const before = await start(nodes);
  const leader = await find(nodes, before.leader);
  await leader.stop('SIGTERM');
  const other = nodes.find((node) => node.running) as TestNode;
  await until('it said so', async () => /leadership handed over/.test(leader.output));
  // The third node hears of it by the new leader's first message.
  const after = await until('who is left knows it', async () => {
    const status = await other.status();
    return status.leader === null ? null : status.leader;
  });
  t.not(after, before.leader);
});
