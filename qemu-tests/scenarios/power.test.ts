/**
 * Three machines from the first power-on through what power can do to them. They boot as real ones: by firmware, and get their
 * addresses from a router, by which an operator outside asks them.
 */
import path from 'node:path';
import t from 'tap';
import { copyOperatorKey, kubectl, writeKubeconfig } from '../kubectl-command.ts';
import { askInfo, findLeader, onlineNodes, putKey, waitForHa } from '../lab/observe.ts';
import { waitUntil } from '../lab/wait.ts';
import type { Machine } from '../machine/machine.ts';
import {
  formingLimitSeconds,
  readKey,
  repairLimitSeconds,
  returnLimitSeconds,
  stageImage,
  stageLab,
} from './testing/stage.ts';

t.setTimeout(1_500_000);
const lab = stageLab(t, await stageImage(), { direct: false });
const router = await lab.addGateway(3);
const machines = await lab.startMachines(3);
const [first, second, third] = machines as [Machine, Machine, Machine];

/** The node ids, in the order of the machines. */
async function identities(): Promise<string[]> {
  return await Promise.all(machines.map(async (machine) => (await askInfo(machine)).id));
}

await t.test('three blank machines form one highly available cluster, untouched', async (t) => {
  const status = await waitForHa(machines, { limitSeconds: formingLimitSeconds });
  t.equal(onlineNodes(status, 'voter').length, 3);
  t.equal(status.nodes.length, 3);
  t.equal(new Set(await identities()).size, 3, 'each machine made an identity of its own');
  await putKey(first, 'story/first', 'written on the first');
  t.equal(await readKey(second, 'story/first'), 'written on the first');
  t.equal(await readKey(third, 'story/first'), 'written on the first');
});

await t.test('the leader loses power: the others go on, and it comes back as itself', async (t) => {
  const before = await identities();
  const leader = await findLeader(machines, await waitForHa(machines, { limitSeconds: repairLimitSeconds }));
  const survivors = machines.filter((machine) => machine !== leader) as [Machine, Machine];
  await leader.cutPower();
  await waitUntil({ what: 'a survivor accepts a write', limitSeconds: repairLimitSeconds }, () =>
    putKey(survivors[0], 'story/while-away', 'written by the survivors'),
  );
  t.equal(await readKey(survivors[1], 'story/first'), 'written on the first', 'the key is still there');
  await leader.powerOn();
  const status = await waitForHa(machines, { limitSeconds: returnLimitSeconds });
  t.strictSame(await identities(), before, 'every machine is who it was');
  t.equal(status.nodes.length, 3, 'and no further node has appeared');
  t.equal(await readKey(leader, 'story/first'), 'written on the first');
  t.equal(await readKey(leader, 'story/while-away'), 'written by the survivors', 'it caught up');
});

await t.test('a member is switched off in good order and on again', async (t) => {
  const before = await identities();
  await third.powerOff();
  t.equal(third.isRunning, false);
  await waitUntil({ what: 'a remaining member accepts a write', limitSeconds: repairLimitSeconds }, () =>
    putKey(first, 'story/third-is-off', 'yes'),
  );
  await third.powerOn();
  await waitForHa(machines, { limitSeconds: returnLimitSeconds });
  t.strictSame(await identities(), before);
  t.equal(await readKey(third, 'story/third-is-off'), 'yes');
});

await t.test('kubectl asks each of them from outside', async (t) => {
  const { nodes } = await waitForHa(machines, { limitSeconds: repairLimitSeconds });
  const names = nodes.map(({ name }) => `node/${name}`).toSorted();
  const keys = copyOperatorKey(lab.directory);
  for (const [i, place] of router.places.entries()) {
    const file = path.join(lab.directory, `kubeconfig-${i}`);
    const said = await waitUntil(
      { what: `the API at ${place.address} knows the nodes`, limitSeconds: repairLimitSeconds },
      async () => {
        const answer = await kubectl(await writeKubeconfig(place, file, keys), [
          'get',
          'nodes',
          '-o',
          'name',
        ]);
        return answer.trim().split('\n').length === 3 ? answer : null;
      },
    );
    t.same(said.trim().split('\n'), names);
    await kubectl(file, ['create', 'configmap', `from-${i}`, `--from-literal=at=${place.address}`]);
  }
  const file = path.join(lab.directory, 'kubeconfig-0');
  const addresses = await kubectl(file, [
    'get',
    'nodes',
    '-o',
    'jsonpath={.items[*].status.addresses[0].address}',
  ]);
  t.same(
    addresses.split(' ').toSorted(),
    router.places.map(({ address }) => address),
    'by which routers find them',
  );
  const made = await kubectl(file, ['get', 'configmaps', '-o', 'jsonpath={.items[*].data.at}']);
  t.same(
    made.split(' '),
    router.places.map(({ address }) => address),
    'what one has confirmed, all have',
  );
});
