/** What happens to the data partition: damage, a larger disk, a factory reset. */
import t from 'tap';
import { sectorSize } from '../../../image/formats/gpt/layout.ts';
import type { ResetAnswer } from '../../../runtime/admin/protocol.ts';
import { findPartition, growDisk, offsetOf, readDisk, wipeDisk } from '../../lab/disk-surgery.ts';
import { askInfo, askStatus, getKey, putKey } from '../../lab/observe.ts';
import { waitUntil } from '../../lab/wait.ts';
import { openImage } from '../../machine/image.ts';
import {
  alone,
  buildVariant,
  formingLimitSeconds,
  readKey,
  returnLimitSeconds,
  stageLab,
} from '../testing/stage.ts';

t.setTimeout(1_500_000);
const lab = stageLab(t, openImage(await buildVariant(t, [alone])), { direct: true });
const machine = await lab.addMachine();

async function start(): Promise<void> {
  await machine.powerOn();
  await waitUntil(
    {
      what: 'the machine leads its cluster',
      limitSeconds: formingLimitSeconds,
      report: () => machine.report(),
    },
    async () => ((await askStatus(machine))?.leader ? true : null),
  );
}

function said(pattern: RegExp): boolean {
  return machine.console.lines.some((line) => pattern.test(line));
}

/** Sizes of the partition and of the file system in it, in bytes; ext4's super block begins 1024 bytes behind its start. */
function sizes(): { readonly partition: number; readonly fileSystem: number } {
  const data = findPartition(machine.diskFile, 'data');
  const superBlock = readDisk(machine.diskFile, offsetOf(data), 4096).subarray(1024);
  return {
    partition: data.sectors * sectorSize,
    fileSystem: superBlock.readUInt32LE(4) * 2 ** (10 + superBlock.readUInt32LE(24)),
  };
}

let id = '';
let name = '';

await t.test(
  'a file system without its super block is repaired, and the node comes back with its data',
  async (t) => {
    await start();
    await putKey(machine, 'story/data', 'kept');
    ({ id, name } = await askInfo(machine));
    await machine.powerOff();
    t.notOk(said(/trivet data check/), 'nothing is said of a file system in order');
    wipeDisk(machine.diskFile, offsetOf(findPartition(machine.diskFile, 'data')), 64 * 1024);
    await start();
    t.ok(said(/trivet data check: the data partition's file system was repaired/));
    t.same(await askInfo(machine).then((info) => [info.id, info.name]), [id, name], 'it is who it was');
    t.equal(await readKey(machine, 'story/data'), 'kept');
    await machine.powerOff();
  },
);

await t.test('a larger disk is used', async (t) => {
  const before = sizes();
  growDisk(machine.diskFile, 3 * 1024 ** 3);
  await start();
  t.equal(await readKey(machine, 'story/data'), 'kept');
  await machine.powerOff();
  const after = sizes();
  t.ok(after.partition >= before.partition + 1000 * 1024 ** 2, `partition: ${after.partition}`);
  t.ok(after.partition - after.fileSystem < 1024 ** 2, `file system: ${after.fileSystem}`);
});

await t.test('a factory reset asks first, and makes a new machine', async (t) => {
  await start();
  const asked = (await machine.request('system.reset')) as ResetAnswer;
  t.match(asked, { done: false, plan: { name, quorum: /only voter/ } });
  await t.rejects(machine.request('system.reset', { confirm: 'another' }), /is not the name of this machine/);
  t.equal(await readKey(machine, 'story/data'), 'kept');
  t.match(await machine.request('system.reset', { confirm: name }), { done: true });
  await waitUntil(
    { what: 'a new machine is there', limitSeconds: returnLimitSeconds, report: () => machine.report() },
    async () => ((await askInfo(machine)).id === id ? null : true),
  );
  await waitUntil(
    {
      what: 'it leads a cluster of its own',
      limitSeconds: formingLimitSeconds,
      report: () => machine.report(),
    },
    async () => ((await askStatus(machine))?.leader ? true : null),
  );
  t.not((await askInfo(machine)).name, name);
  t.equal(await getKey(machine, 'story/data'), null);
});

await t.test('a data partition with nothing left on it is made anew', async (t) => {
  id = (await askInfo(machine)).id;
  await machine.powerOff();
  // The super block, the first copy of it, and everything between.
  wipeDisk(machine.diskFile, offsetOf(findPartition(machine.diskFile, 'data')), 256 * 1024 ** 2);
  await start();
  t.ok(said(/trivet data check: nothing is left on the data partition: making a new file system/));
  t.not((await askInfo(machine)).id, id);
});
