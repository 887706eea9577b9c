/** A machine is updated by plugging in a disk: version 9 goes into slot b, proves itself, and stays. */
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import type { SystemStatus } from '../../../runtime/admin/protocol.ts';
import { askInfo, askStatus, putKey, readStatus } from '../../lab/observe.ts';
import { makeUpdateDisk } from '../../lab/update-disk.ts';
import { waitUntil } from '../../lab/wait.ts';
import { openImage } from '../../machine/image.ts';
import type { Machine } from '../../machine/machine.ts';
import { readBuildReport } from '../../trivet-command.ts';
import { alone, buildVariant, formingLimitSeconds, readKey, stageLab } from '../testing/stage.ts';

t.setTimeout(1_500_000);

/** Writing 90 MB to an emulated disk, a restart, and what the health check wants to see. */
const updateLimitSeconds = 900;

const image = openImage(await buildVariant(t, [alone]));
const newer = await buildVariant(t, [alone, [/^# (version: ).*$/m, '$1"9.0.0"']]);
const lab = stageLab(t, image, { direct: false });
const updateDisk = path.join(lab.directory, 'update.raw');
writeFileSync(updateDisk, '');
truncateSync(updateDisk, 1024 * 1024);
const machine = await lab.addMachine({ extraDiskFiles: [updateDisk] });

async function waitForSystem(
  what: string,
  matches: (system: SystemStatus) => boolean,
): Promise<SystemStatus> {
  return await waitUntil(
    { what, limitSeconds: updateLimitSeconds, report: () => machine.report() },
    async () => {
      const system = (await machine.request('update.status')) as SystemStatus;
      return matches(system) ? system : null;
    },
  );
}

async function waitForMember(member: Machine): Promise<void> {
  await waitUntil(
    {
      what: 'the machine leads its cluster',
      limitSeconds: formingLimitSeconds,
      report: () => member.report(),
    },
    async () => ((await askStatus(member))?.leader ? true : null),
  );
}

let id = '';

await t.test('a machine runs its first version from slot a', async (t) => {
  await machine.powerOn();
  await waitForMember(machine);
  await putKey(machine, 'story/before', 'written by the old version');
  id = (await askInfo(machine)).id;
  const system = (await machine.request('update.status')) as SystemStatus;
  t.match(system, { slot: 'a', state: 'good', other: { slot: 'b', state: 'empty' }, problem: null });
  const status = await readStatus(machine);
  t.match(status?.system, { slot: 'a', state: 'good' });
  t.ok(status?.warnings.some((warning) => warning.includes('development keys')));
  await machine.powerOff();
});

await t.test(
  'a disk with a newer version is taken by itself: slot b runs it and is marked good',
  async (t) => {
    const { files } = readBuildReport(path.dirname(newer));
    await makeUpdateDisk(path.join(path.dirname(newer), files.update), updateDisk);
    await machine.powerOn();
    const system = await waitForSystem(
      'version 9 is good',
      ({ version, state }) => version === '9.0.0' && state === 'good',
    );
    t.match(system, { slot: 'b', other: { slot: 'a', state: 'good' } });
    t.ok(machine.console.lines.some((line) => line.includes('Version 9.0.0 in slot b is on trial')));
    await waitForMember(machine);
    t.equal((await askInfo(machine)).id, id, 'it is who it was');
    t.equal(await readKey(machine, 'story/before'), 'written by the old version');
  },
);

await t.test('it stays after a restart, and the disk that is still there changes nothing', async (t) => {
  await machine.powerOff();
  await machine.powerOn();
  const system = await waitForSystem('the disk was looked at', ({ lastUpdate }) => lastUpdate !== null);
  t.match(system, { version: '9.0.0', slot: 'b', state: 'good', other: { slot: 'a', state: 'good' } });
  t.match(system.lastUpdate, { ok: true, message: /9\.0\.0 runs already/ });
  await waitForMember(machine);
  t.equal((await askInfo(machine)).id, id);
  t.equal(await readKey(machine, 'story/before'), 'written by the old version');
});
