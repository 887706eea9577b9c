/** What an agent says of names that it cannot look up. */
import t from 'tap';
import { makeNodes, type TestNode, until } from './testing/test-cluster.ts';

t.setTimeout(120_000);

t.test('a name that cannot be looked up is part of the reason to wait, and stops nobody', async (t) => {
  const more = { discovery: { mdns: false, addresses: ['nodes.invalid'], domain: 'edge.invalid' } };
  const [node] = (await makeNodes(t, { size: 1, expect: 2, more })) as [TestNode];
  node.start();
  const status = await until('it says so', async () => {
    const seen = await node.status();
    return /nodes\.invalid cannot/.test(seen.reason ?? '') ? seen : null;
  });
  t.match(status.reason, /^1 of 2 nodes found/);
  t.match(status.reason, /nodes\.invalid cannot be looked up: .+\./);
  await until('the domain too', async () =>
    /_trivet\._tcp\.edge\.invalid cannot/.test((await node.status()).reason ?? ''),
  );
  await until('the log too', async () =>
    /a name cannot be looked up; it is tried again name=nodes\.invalid/.test(node.output),
  );
  t.equal(node.running, true);
  await node.stop('SIGTERM');
});
