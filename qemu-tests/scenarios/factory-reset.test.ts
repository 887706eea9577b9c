/** A factory reset for whoever stands before the machine: in the boot menu, or by a file on the boot partition. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { askInfo } from '../lab/observe.ts';
import { waitUntil } from '../lab/wait.ts';
import { openImage } from '../machine/image.ts';
import type { Machine } from '../machine/machine.ts';
import { returnLimitSeconds, stageImage, stageLab } from './testing/stage.ts';

t.setTimeout(1_500_000);
const image = await stageImage();
const lab = stageLab(t, image, { direct: false });
const asked = /trivet initrd: factory reset: the data partition is made new/;

function countOf(machine: Machine, pattern: RegExp): number {
  return machine.console.lines.filter((line) => pattern.test(line)).length;
}

/** @returns the id of the machine's node, once its agent answers. */
function waitForId(machine: Machine, accept: (id: string) => boolean): Promise<string> {
  return waitUntil(
    { what: 'the agent answers', limitSeconds: returnLimitSeconds, report: () => machine.report() },
    async () => {
      const { id } = await askInfo(machine);
      return accept(id) ? id : null;
    },
  );
}

await t.test('the boot menu has an entry for it, which a usual start never takes', async (t) => {
  const machine = await lab.addMachine();
  await machine.powerOn();
  const first = await waitForId(machine, () => true);
  await machine.powerOff();
  await machine.powerOn();
  t.equal(await waitForId(machine, () => true), first, 'it stays who it is');
  t.equal(countOf(machine, asked), 0);
  await machine.powerOff();
  await machine.powerOn();
  // Any key shows the menu, in the moment when it looks for one; who comes too late on a busy host tries again.
  const started = /node agent started/;
  let starts = countOf(machine, started);
  await waitUntil(
    {
      ...{ what: 'the menu is there', limitSeconds: 900, pauseMilliseconds: 20 },
      report: () => machine.report(),
    },
    async () => {
      if (countOf(machine, /Factory reset \(slot a\)/) > 0) return true;
      if (countOf(machine, started) > starts) {
        starts += 1;
        await machine.reset();
      }
      await machine.pressKey('spc');
      return null;
    },
  );
  await machine.pressKey('down');
  await machine.pressKey('ret');
  t.not(await waitForId(machine, (id) => id !== first), first, 'another machine is there');
  t.equal(countOf(machine, asked), 1);
  await machine.close();
});

await t.test('a file on the boot partition asks for it, once', async (t) => {
  const disk = path.join(lab.directory, 'asks.raw');
  copyFileSync(image.file, disk);
  const file = path.join(lab.directory, 'empty');
  writeFileSync(file, '');
  const { status, stderr } = spawnSync('mcopy', ['-i', `${disk}@@1M`, file, '::factory-reset'], {
    env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr);
  const machine = await lab.addMachine({ image: openImage(disk) });
  await machine.powerOn();
  await waitUntil(
    { what: 'it is reset', limitSeconds: returnLimitSeconds, report: () => machine.report() },
    async () => (countOf(machine, asked) > 0 ? true : null),
  );
  t.equal(countOf(machine, /factory reset, as the boot partition asks/), 1);
  await waitForId(machine, () => true);
  const started = /node agent started/;
  const starts = countOf(machine, started);
  await machine.reset();
  await waitUntil(
    { what: 'it has restarted', limitSeconds: returnLimitSeconds, report: () => machine.report() },
    async () => (countOf(machine, started) > starts ? true : null),
  );
  t.equal(countOf(machine, asked), 1, 'once');
});
