/** What goes wrong around an agent: it says what and what to do, and nothing is lost. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import t from 'tap';
import { makeNodes, TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(300_000);

async function startSingle(node: TestNode): Promise<void> {
  node.start();
  await until('it stores a key', async () => (await node.put('kept', 'yes')) > 0);
}

t.test('a second agent on the same directory is refused, the first lives on', async (t) => {
  const [first, other] = (await makeNodes(t, { size: 2, expect: 1 })) as [TestNode, TestNode];
  await startSingle(first);
  const second = new TestNode(other.directory, {
    port: 0,
    addresses: [],
    expect: 1,
    more: { dataDirectory: first.dataDirectory },
  });
  second.start();
  t.equal(await second.ended(), 1);
  t.match(second.output, /Another agent is using .*: stop it first, or name another dataDirectory/);
  t.notMatch(second.output, /at .*\.ts:\d+/, 'no stack trace');
  t.equal(await first.get('kept'), 'yes');
});

t.test('a data directory of another cluster is refused by name', async (t) => {
  const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
  await startSingle(node);
  await node.stop('SIGTERM');
  const more = { cluster: { name: 'other', secret: 'a secret for tests, long enough', expect: 1 } };
  const confused = new TestNode(node.directory, { port: 0, addresses: [], more });
  confused.start();
  t.equal(await confused.ended(), 1);
  t.match(confused.output, /belongs to the cluster "test", but the configuration names "other"/);
  node.start();
  t.equal(await until('it answers again', () => node.get('kept')), 'yes');
});

t.test('a data directory of another version is refused', async (t) => {
  const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
  mkdirSync(node.dataDirectory, { recursive: true });
  writeFileSync(path.join(node.dataDirectory, 'format'), '99\n');
  node.start();
  t.equal(await node.ended(), 1);
  t.match(node.output, /was written by another version of Trivet \(format 99/);
});

t.test(
  'a damaged key or membership of the only member is named, with what to do, and nothing is removed',
  async (t) => {
    const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
    await startSingle(node);
    await node.stop('SIGTERM');
    for (const name of ['identity/key.pem', 'member.json', 'pki/node.crt']) {
      const file = path.join(node.dataDirectory, name);
      const whole = readFileSync(file, 'utf8');
      if (name === 'pki/node.crt') rmSync(file);
      else writeFileSync(file, whole.slice(0, 20));
      node.start();
      t.equal(await node.ended(), 1, name);
      t.match(
        node.output,
        new RegExp(`${name}.*is lost\\. This node is the only member.*nothing was changed`),
      );
      writeFileSync(file, whole);
    }
    node.start();
    t.equal(await until('it answers again', () => node.get('kept')), 'yes');
  },
);

t.test('a peer port in use is named, with what to do', async (t) => {
  const [node] = (await makeNodes(t, { size: 1, expect: 1 })) as [TestNode];
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const blocked = new TestNode(node.directory, { port, addresses: [], expect: 1 });
  blocked.start();
  t.equal(await blocked.ended(), 1);
  t.match(
    blocked.output,
    /The peer port 127\.0\.0\.1:\d+ is in use by another program: stop it, or set peers\.port/,
  );
});

t.test('a broken configuration is answered with file, line and field', async (t) => {
  const [node] = (await makeNodes(t, { size: 1 })) as [TestNode];
  const broken = new TestNode(node.directory, {
    port: 0,
    addresses: [],
    secret: 'short',
    more: { clutser: {} },
  });
  broken.start();
  t.equal(await broken.ended(), 1);
  t.match(broken.output, /config\.json, line \d+: cluster\.secret: must be at least 16 characters/);
  t.match(broken.output, /clutser: there is no such field; did you mean "cluster"/);
});

t.test('garbage on the peer port is dropped and the cluster goes on', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  const status = await untilHighlyAvailable(nodes);
  for (const member of status.nodes) {
    const [host, port] = member.address.split(':') as [string, string];
    for (const bytes of [
      Buffer.alloc(65536, 0xff),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.from([0x16, 3, 1, 0xff, 0xff]),
    ]) {
      const socket = net.connect(Number(port), host);
      socket.on('error', () => {});
      socket.end(bytes);
      socket.resume();
      await new Promise((resolve) => socket.once('close', resolve));
    }
  }
  const first = nodes[0] as TestNode;
  await first.put('still', 'here');
  t.equal(await first.get('still'), 'here');
  await untilHighlyAvailable(nodes);
  t.ok(
    nodes.every((node) => node.running),
    'no agent has ended',
  );
});

t.test(
  'a full disk refuses writes, says so, and heals when there is space',
  { skip: process.getuid?.() === 0 ? false : 'mounting a small file system needs root' },
  async (t) => {
    const nodes = await makeNodes(t, { size: 1, expect: 1 });
    const [node] = nodes as [TestNode];
    mkdirSync(node.dataDirectory, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'trivet-test', node.dataDirectory]);
    t.teardown(async () => {
      await node.stop('SIGKILL');
      execFileSync('umount', [node.dataDirectory]);
    });
    await startSingle(node);
    const ballast = path.join(node.dataDirectory, 'ballast');
    fill(ballast);
    const refusal = await until('a write is refused', () =>
      node.put('big', 'x'.repeat(900_000)).then(
        () => null,
        (error: Error) => error,
      ),
    );
    t.match(refusal.message, /disk is full/);
    t.match((await node.status()).warnings.join(), /disk is full/);
    t.equal(await node.get('kept'), 'yes', 'reads go on');
    execFileSync('rm', [ballast]);
    await until('writes work again', async () => (await node.put('after', 'space').catch(() => 0)) > 0);
    await node.stop('SIGKILL');
    node.start();
    t.equal(await until('it answers again', () => node.get('after')), 'space');
  },
);

t.test('a member with a damaged key comes back as a new one by itself', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  const [victim, other] = nodes as [TestNode, TestNode];
  await other.put('kept', 'yes');
  await victim.stop('SIGKILL');
  writeFileSync(path.join(victim.dataDirectory, 'identity/key.pem'), 'not a key');
  victim.start();
  t.equal(await victim.ended(), 1);
  victim.start();
  t.equal(await until('it reads what the cluster holds', () => victim.get('kept')), 'yes');
});

t.test('a node with a damaged log comes back as a new member, and the cluster lost nothing', async (t) => {
  const nodes = await makeNodes(t, { size: 3 });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  const [victim, other] = nodes as [TestNode, TestNode];
  for (let i = 0; i < 30; i += 1) await other.put(`k${i}`, 'x'.repeat(200));
  const oldId = (await victim.info()).id;
  await victim.stop('SIGKILL');
  flipByteInMiddle(path.join(victim.dataDirectory, 'log'));
  victim.start();
  t.equal(await victim.ended(), 1);
  t.match(victim.output, /damaged.*joins its cluster as a new one/s);
  victim.start();
  await until('three voters are online again, without the old identity', async () => {
    const seen = await victim.status();
    const voters = seen.nodes.filter((node) => node.role === 'voter' && node.online);
    const isOldOffline = seen.nodes.some((node) => node.id === oldId && !node.online);
    return seen.highAvailability && isOldOffline && voters.length === 3;
  });
  t.not((await victim.info()).id, oldId, 'it has a new identity');
  t.equal(await victim.get('k29'), 'x'.repeat(200));
});

/** Writes until nothing more fits. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (const size of [1024 * 1024, 4096]) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size));
      } catch {
        // Full at this step; the smaller one takes the rest.
      }
    }
  } finally {
    closeSync(handle);
  }
}

/** Flips a byte well inside what the log has written. */
function flipByteInMiddle(directory: string): void {
  const names = readdirSync(directory).sort();
  const file = path.join(
    directory,
    names.find((name) => statSync(path.join(directory, name)).size > 4096) ?? '',
  );
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([0xa5, 0x5a, 0xa5]), 0, 3, 1500);
  closeSync(handle);
}
