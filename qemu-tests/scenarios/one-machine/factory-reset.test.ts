/** A factory reset for whoever stands before the machine: in the boot menu, or by a file on the boot partition. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import t from 'tap';
import { askInfo } from '../../lab/observe.ts';
import { waitUntil } from '../../lab/wait.ts';
import { type BootImage, openImage } from '../../machine/image.ts';
import type { Machine } from '../../machine/machine.ts';
import { returnLimitSeconds, stageImage, stageLab } from '../testing/stage.ts';

t.setTimeout(1_500_000);
const image = await stageImage();
const lab = stageLab(t, image, { direct: false });
const entry = /Factory reset \(slot a\)/;
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

/** A copy of the image's disk with another file on its boot partition. */
function diskWith(name: string, target: string, content: string): BootImage {
  const disk = path.join(lab.directory, `${name}.raw`);
  const file = path.join(lab.directory, `${name}.file`);
  copyFileSync(image.file, disk);
  writeFileSync(file, content);
  runMtools('mcopy', ['-o', '-i', `${disk}@@1M`, file, `::${target}`]);
  return openImage(disk);
}

function runMtools(program: string, words: readonly string[]): string {
  const environment = { ...process.env, MTOOLS_SKIP_CHECK: '1' };
  return execFileSync(program, words, { env: environment, encoding: 'utf8' });
}

await t.test('the boot menu has an entry for it, which a usual start never takes', async (t) => {
  // The menu is shown for some seconds: the moment in which a key calls it is too short for a busy host.
  const settings = runMtools('mtype', ['-i', `${image.file}@@1M`, '::loader/loader.conf']);
  t.match(settings, /^timeout 0$/m);
  const slow = diskWith('menu', 'loader/loader.conf', settings.replace('timeout 0', 'timeout 10'));
  const machine = await lab.addMachine({ image: slow });
  await machine.powerOn();
  const first = await waitForId(machine, () => true);
  t.equal(countOf(machine, asked), 0);
  await machine.powerOff();
  await machine.powerOn();
  await waitUntil(
    { what: 'the menu is there', limitSeconds: 300, pauseMilliseconds: 50, report: () => machine.report() },
    async () => (entry.test(machine.console.unfinishedLine) ? true : null),
  );
  await machine.pressKey('down');
  await machine.pressKey('ret');
  t.not(await waitForId(machine, (id) => id !== first), first, 'another machine is there');
  t.equal(countOf(machine, asked), 1);
  await machine.close();
});

await t.test('a file on the boot partition asks for it, once', async (t) => {
  const machine = await lab.addMachine({ image: diskWith('asks', 'factory-reset', '') });
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
