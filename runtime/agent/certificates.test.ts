/** Agents as processes on loopback: certificates that live for seconds, and a CA that is replaced under load. */
import t from 'tap';
import type { AuthorityAnswer } from '../admin/protocol.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const cluster = { name: 'test', secret: 'a secret for tests, long enough', expect: 3 };
const renewals = 20;

function renewalsOf(node: TestNode): number {
  return node.output.split('the certificate was renewed').length - 1;
}

async function ca(node: TestNode, action: 'status' | 'rotate'): Promise<AuthorityAnswer> {
  return (await node.request('ca', { action })) as AuthorityAnswer;
}

/** Writes one key after the other through every node in turn, until it is told to stop; what failed. */
function writeUnderWay(nodes: readonly TestNode[]) {
  const failures: string[] = [];
  let [writes, stopped] = [0, false];
  const ended = (async () => {
    for (; !stopped; writes += 1) {
      await nodes[writes % nodes.length]!.put(`key-${writes % 50}`, String(writes)).catch((error: unknown) =>
        failures.push(String(error)),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  const end = async () => {
    stopped = true;
    await ended;
    return { failures, writes };
  };
  return { end };
}

t.test('twenty renewals and a new CA under write load, without a request that fails', async (t) => {
  const nodes = await makeNodes(t, {
    size: 4,
    more: { cluster: { ...cluster, certificateHours: 4 / 3600 } },
  });
  for (const node of nodes) node.start();
  await untilHighlyAvailable(nodes);
  await until('the fourth is a member', async () => (await nodes[0]!.status()).nodes.length === 4);
  const before = await until('the CA is there', () => ca(nodes[0]!, 'status'));
  t.equal(before.waitingFor, null);
  const load = writeUnderWay(nodes);
  await until('every certificate was renewed ten times', async () =>
    nodes.every((node) => renewalsOf(node) >= renewals / 2),
  );
  const rotated = await until('a new CA takes over', () => ca(nodes[1]!, 'rotate'));
  t.not(rotated.authority, before.authority);
  const after = await until('the new CA is in force alone', async () => {
    const now = await ca(nodes[2]!, 'status');
    return now.waitingFor === null ? now : null;
  });
  t.equal(after.authority, rotated.authority);
  await until('every certificate was renewed twenty times', async () =>
    nodes.every((node) => renewalsOf(node) >= renewals),
  );
  const { failures, writes } = await load.end();
  t.same(failures, [], `of ${writes} writes`);
  t.ok(writes > 100, `${writes} writes`);
  for (const node of nodes) {
    await node.stop('SIGKILL');
    node.start();
  }
  await untilHighlyAvailable(nodes);
});

t.test(
  'a node that was away during the rotation, for longer than its certificate lives, comes back',
  async (t) => {
    const nodes = await makeNodes(t, {
      size: 4,
      more: { cluster: { ...cluster, certificateHours: 6 / 3600 } },
    });
    for (const node of nodes) node.start();
    await untilHighlyAvailable(nodes);
    await until('the fourth is a member', async () => (await nodes[0]!.status()).nodes.length === 4);
    const away = nodes[3]!;
    const { name } = await away.info();
    await away.stop('SIGTERM');
    const seen = Math.min(...nodes.slice(0, 3).map(renewalsOf));
    await ca(nodes[0]!, 'rotate');
    await until(
      'the others have the new one',
      async () => (await ca(nodes[0]!, 'status')).waitingFor?.join() === name,
    );
    await t.rejects(ca(nodes[0]!, 'rotate'), /already taking over/);
    await until('its certificate is too old', async () =>
      nodes.slice(0, 3).every((node) => renewalsOf(node) >= seen + 4),
    );
    away.start();
    await until('the old CA is forgotten', async () => (await ca(nodes[0]!, 'status')).waitingFor === null);
    t.ok(renewalsOf(away) > 0);
    await away.put('key', 'from the one that was away');
    t.equal(await nodes[0]!.get('key'), 'from the one that was away');
  },
);
