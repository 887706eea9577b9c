/** Agents as processes on loopback: blank machines become a cluster by themselves, and strangers do not. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { freePorts, makeNodes, TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

t.test('three blank agents form one highly available cluster', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  const status = await untilHighlyAvailable(nodes);
  t.equal(status.nodes.filter((node) => node.role === 'voter' && node.online).length, 3);
  t.ok(status.leader);
  const [first, second] = nodes as [TestNode, TestNode];
  await first.put('greeting', 'hello');
  t.equal(await second.get('greeting'), 'hello', 'a key written on one node is read on another');
  const clusters = await Promise.all(nodes.map(async (node) => (await node.status()).clusterId));
  t.equal(new Set(clusters).size, 1, 'all are of one cluster');
  await until('the CA key has left the disk of its maker', async () =>
    nodes.every((node) => !existsSync(path.join(node.dataDirectory, 'pki/ca.key.sealed'))),
  );
});

t.test('two agents wait for the third, and say so', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  const [first, second, third] = nodes as [TestNode, TestNode, TestNode];
  first.start();
  second.start();
  const status = await until('it says that one is missing', async () => {
    const seen = await first.status();
    return /2 of 3 nodes found/.test(seen.reason ?? '') ? seen : null;
  });
  t.equal(status.highAvailability, false);
  await t.rejects(first.put('a', '1'), /not a member of a cluster yet/);
  third.start();
  await untilHighlyAvailable(nodes);
});

t.test('a single agent with expect 1 is a cluster at once', async (t) => {
  const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
  node.start();
  await until('it stores a key', async () => (await node.put('a', '1')) > 0);
  t.equal(await node.get('a'), '1');
  t.match(await node.status(), { highAvailability: false, reason: /add 2 more/ });
});

t.test('an agent with a wrong secret is refused, and both sides say so', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  const status = await untilHighlyAvailable(nodes);
  const [port] = (await freePorts(1)) as [number];
  const members = status.nodes.map((node) => node.address);
  const directory = path.join(path.dirname((nodes[0] as TestNode).directory), 'stranger');
  const stranger = new TestNode(directory, {
    port,
    addresses: members,
    secret: 'not the secret of this cluster',
  });
  t.teardown(() => stranger.stop('SIGKILL'));
  stranger.start();
  await until('the stranger says that it is refused', async () =>
    /refused: this peer has another enrolment secret/.test(stranger.output),
  );
  await until('a member says that it refused somebody', async () =>
    nodes.some((node) => /offered a wrong enrolment secret/.test(node.output)),
  );
  const after = await until('status warns', async () => {
    const seen = await (nodes[0] as TestNode).status();
    return seen.warnings.length > 0 ? seen : null;
  });
  t.equal(after.nodes.length, 3, 'the stranger is no member');
  t.match(await stranger.status(), { self: { state: 'blank' } });
});

t.test('agents find each other by multicast DNS alone', async (t) => {
  const more = { discovery: { mdns: true, mdnsInterface: '127.0.0.1' } };
  const nodes = await makeNodes(t, { size: 3, more });
  for (const node of nodes) node.start();
  const status = await untilHighlyAvailable(nodes);
  t.equal(status.nodes.length, 3);
});
