/** A cluster that gets more machines, loses some, is cut in two, and turns a stranger away. Booted directly, to be quick. */
import t from 'tap';
import { askStatus, findLeader, onlineNodes, putKey, readStatus, waitForHa } from '../lab/observe.ts';
import { waitUntil } from '../lab/wait.ts';
import type { Machine } from '../machine/machine.ts';
import {
  formingLimitSeconds,
  readKey,
  repairLimitSeconds,
  returnLimitSeconds,
  stageImage,
  stageLab,
  strangersImage,
  waitForConsole,
} from './testing/stage.ts';

t.setTimeout(1_500_000);
const lab = stageLab(t, await stageImage(), { direct: true });
const members = [...(await lab.startMachines(3))];
const [first] = members as [Machine];
await waitForHa(members, { limitSeconds: formingLimitSeconds });

await t.test('a fourth and a fifth machine join as standbys', async (t) => {
  members.push(...(await lab.startMachines(2)));
  const status = await waitForHa(members, { voters: 3, standbys: 2, limitSeconds: formingLimitSeconds });
  t.equal(status.nodes.length, 5);
  await putKey(first, 'story/five', 'there are five');
  t.equal(await readKey(members[4] as Machine, 'story/five'), 'there are five', 'the fifth reads it too');
});

await t.test('a voter loses power: a standby takes its seat', async (t) => {
  const status = await waitForHa(members, { standbys: 2, limitSeconds: repairLimitSeconds });
  const leader = await findLeader(members, status);
  const lost = await findVoter(members.filter((machine) => machine !== leader));
  await lost.cutPower();
  const rest = members.filter((machine) => machine !== lost);
  const repaired = await waitForHa(rest, { voters: 3, standbys: 1, limitSeconds: repairLimitSeconds });
  t.equal(onlineNodes(repaired, 'voter').length, 3, 'three voters are online without it');
  await lost.powerOn();
  const again = await waitForHa(members, { voters: 3, standbys: 2, limitSeconds: returnLimitSeconds });
  t.equal(again.nodes.length, 5, 'it came back as a member, not as a sixth');
});

await t.test(
  "the leader's cable is pulled: the others elect, and it follows once the cable is back",
  async (t) => {
    const before = await waitForHa(members, { standbys: 2, limitSeconds: repairLimitSeconds });
    const leader = await findLeader(members, before);
    const others = members.filter((machine) => machine !== leader) as [Machine, ...Machine[]];
    lab.virtualSwitch.cut(leader.name);
    await waitUntil(
      { what: 'the others have another leader', limitSeconds: repairLimitSeconds },
      async () => {
        const status = await askStatus(others[0]);
        return status?.leader && status.leader !== before.leader ? status : null;
      },
    );
    await waitUntil({ what: 'the others accept a write', limitSeconds: repairLimitSeconds }, () =>
      putKey(others[0], 'story/cut', 'written without the old leader'),
    );
    await t.rejects(putKey(leader, 'story/alone', 'never'), 'the machine that is alone accepts nothing');
    lab.virtualSwitch.join(leader.name);
    await waitForHa(members, { standbys: 2, limitSeconds: repairLimitSeconds });
    t.equal(await readKey(leader, 'story/cut'), 'written without the old leader');
    t.equal(await readKey(others[0], 'story/alone'), null);
  },
);

await t.test('a machine with another secret is refused, and both sides say so', async (t) => {
  const stranger = await lab.addMachine({ image: await strangersImage(t) });
  await stranger.powerOn();
  await waitForConsole(stranger, /trivet: .*refused.*another enrolment secret/, returnLimitSeconds);
  t.pass('the stranger says on its console that it was refused');
  await waitUntil({ what: 'a member says whom it refused', limitSeconds: repairLimitSeconds }, async () =>
    members.some((machine) =>
      machine.console.lines.some((line) => /refused: .*wrong enrolment secret/.test(line)),
    )
      ? true
      : null,
  );
  t.pass('a member says it on its console');
  const warned = await waitUntil(
    { what: 'status warns of it', limitSeconds: repairLimitSeconds },
    async () => {
      const answers = await Promise.all(members.map(askStatus));
      return (
        answers.find((answer) =>
          answer?.warnings.some((warning) => /wrong enrolment secret/.test(warning)),
        ) ?? null
      );
    },
  );
  t.equal(warned.nodes.length, 5, 'and it is no member');
  t.match(await readStatus(stranger), { clusterId: null, self: { state: 'blank' } });
});

/** One of these machines whose agent votes. */
async function findVoter(machines: readonly Machine[]): Promise<Machine> {
  return await waitUntil({ what: 'a voter is found', limitSeconds: repairLimitSeconds }, async () => {
    for (const machine of machines) {
      const status = await askStatus(machine);
      if (status?.nodes.some((node) => node.id === status.self.id && node.role === 'voter')) return machine;
    }
    return null;
  });
}
