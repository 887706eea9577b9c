/** Agents as processes on loopback: a card that was copied, in a second machine. */
import { cpSync } from 'node:fs';
import t from 'tap';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

t.test('of two machines with one identity the second is refused, and both are named', async (t) => {
  const nodes = (await makeNodes(t, { size: 4 })) as [TestNode, TestNode, TestNode, TestNode];
  const [first, second, original, copy] = nodes;
  const cluster = [first, second, original];
  for (const node of cluster) node.start();
  await untilHighlyAvailable(cluster);
  await first.put('key', 'value');
  await original.stop('SIGTERM');
  cpSync(original.dataDirectory, copy.dataDirectory, { recursive: true });
  original.start();
  await until('the original is back', async () => (await original.status()).self.state === 'member');
  await untilHighlyAvailable(cluster);
  copy.start();
  await until('the copy is refused', async () => (await copy.status()).self.state === 'copy');
  t.match((await copy.status()).reason, /Another machine with this node's identity/);
  const { id } = await original.info();
  const named = await until('a member names both', async () => {
    const warnings = (await Promise.all([first, second].map((node) => node.status()))).flatMap(
      (one) => one.warnings,
    );
    return warnings.find((text) => text.startsWith('Two machines have the identity of')) ?? null;
  });
  t.match(named, /one at 127\.0\.0\.1, and one at 127\.0\.0\.1, which is refused/);
  for (let i = 0; i < 20; i += 1) await first.put(`key-${i}`, 'written beside a copy');
  const status = await untilHighlyAvailable(cluster);
  t.equal(status.nodes.length, 3);
  t.ok(
    status.nodes.every((node) => node.online),
    'the original too',
  );
  t.equal((await original.status()).self.state, 'member');
  t.equal(await original.get('key-19'), 'written beside a copy');
  t.same((await copy.info()).id, id);
  await original.stop('SIGKILL');
  await until(
    'the copy takes its place when it is gone for good',
    async () => (await copy.status()).self.state === 'member' && (await copy.get('key')) === 'value',
  );
});
