/** Agents as processes on loopback: cards whose cluster lost its quorum, and one that lost its data. */
import { generateKeyPairSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import t from 'tap';
import type { VouchersAnswer } from '../admin/protocol.ts';
import { formatBatchKey } from '../vouchers/batch-key.ts';
import { issueVoucher } from '../vouchers/voucher.ts';
import { makeNodes, type TestNode, until, untilHighlyAvailable } from './testing/test-cluster.ts';

t.setTimeout(600_000);

const batchKey = generateKeyPairSync('ed25519').privateKey;

function makeVoucher() {
  const fields = { kind: 'device', batch: '0a1b2c3d', cluster: 'test', name: null, serial: null } as const;
  return issueVoucher(batchKey, fields);
}

async function vouchers(node: TestNode, params: object): Promise<VouchersAnswer> {
  return (await node.request('vouchers', { ...params })) as VouchersAnswer;
}

/** A machine that has just become a member may know no leader for a moment. */
function list(node: TestNode): Promise<VouchersAnswer> {
  return until('the vouchers are listed', () => vouchers(node, { action: 'list' }));
}

t.test(
  'after a recovery the cards come back by themselves, and a refused voucher stays refused',
  async (t) => {
    const own = Array.from({ length: 3 }, makeVoucher);
    const lost = makeVoucher();
    const nodes = await makeNodes(t, {
      size: 4,
      clusterOf: (i) => ({
        ...{ name: 'test', secret: 'a secret for tests, long enough', expect: 3 },
        voucher: [...own, lost][i]!.secretText,
        enrolment: { vouchers: [formatBatchKey(batchKey)] },
      }),
    });
    const [a, b, c, thief] = nodes as [TestNode, TestNode, TestNode, TestNode];
    for (const node of [a, b, c]) node.start();
    await untilHighlyAvailable(nodes);
    await vouchers(a, { action: 'refuse', id: lost.id });
    await Promise.all([b.stop('SIGKILL'), c.stop('SIGKILL')]);
    await until('the leader is gone', async () => (await a.status()).leader === null);
    await a.request('recover', { confirm: 'test' });
    await until('the agent has stopped', async () => !a.running);
    a.start();
    await until('it leads alone', async () => (await a.status()).leader === (await a.info()).id);
    for (const old of [b, c]) {
      old.start();
      await until('the old member gives up its place', async () => !old.running);
      old.start();
      await until(
        'it is a member with its voucher',
        async () => (await old.status()).self.state === 'member',
      );
    }
    await untilHighlyAvailable([a]);
    const ids = await Promise.all([a, b, c].map(async (node) => (await node.info()).id));
    const after = await list(b);
    t.same(after.vouchers.flatMap(({ usedBy }) => usedBy ?? []).sort(), [...ids].sort());
    thief.start();
    await until('the refused one stays out', async () => {
      const { reason } = await thief.status();
      return reason?.includes(`${lost.id} of this machine was refused by a person`) ?? false;
    });
    // A factory reset makes a machine new; its voucher is used, and a person has to say that it is the same.
    const before = (await c.info()).id;
    await c.stop('SIGKILL');
    rmSync(c.dataDirectory, { recursive: true });
    c.start();
    await until('it says which node used its voucher', async () =>
      ((await c.status()).reason ?? '').includes(`(node ${before})`),
    );
    await a.request('nodes.enrolment', { action: 'approve', node: (await c.info()).id });
    await until('it is let in', async () => (await c.status()).self.state === 'member');
  },
);
