/** One cell of the table: one machine through one failure. It passes, or rejects with what was wrong. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { SystemStatus } from '../../runtime/admin/protocol.ts';
import { waitUntil } from '../lab/wait.ts';
import type { Machine, MachineOptions } from '../machine/machine.ts';
import { type Failure, failures } from './failures.ts';
import { breakInit, corruptRoot, fillBootPartition } from './sabotage.ts';
import { imageOf, makeMachine, type Subject, secondVersion } from './subject.ts';

/** Three tries, each until the watchdog or the health check ends it, then the old version; translated, beside others. */
const cellLimitSeconds = 1800;
const triesAtMost = 3;

/** What each start of the machine shows on its console, by the boot chain. */
const startLines = {
  'systemd-boot': /BdsDxe: starting Boot/,
  'u-boot': /Booting \/EFI.Linux.trivet-[ab]\.efi/,
} as const;

export interface CellResult {
  /** How often the machine started until it was what it should be. */
  readonly starts: number;
  readonly seconds: number;
}

/** @param installed the disk on which version 9 is about to be tried. */
export async function runCell(subject: Subject, name: string, installed: string): Promise<CellResult> {
  const failure = failures.find((one) => one.name === name);
  if (failure === undefined) return runFullBootPartition(subject);
  const disk = copyDisk(installed, path.join(subject.directory, `${name}.raw`));
  if (failure.change?.kind === 'init') await breakInit(subject, disk, failure.change);
  if (failure.change?.kind === 'root') corruptRoot(subject, disk);
  return withMachine(subject, name, { image: imageOf(disk) }, async (machine) => {
    if (failure.change === null) return expectToStay(subject, machine);
    return expectOldVersion(subject, machine, failure);
  });
}

/** The new version is tried three times, no more and no less, and the old one runs again and says so. */
async function expectOldVersion(subject: Subject, machine: Machine, failure: Failure): Promise<void> {
  const system = await waitForSystem(
    machine,
    `the old version is back after: ${failure.title}`,
    ({ slot, other }) => slot === 'a' && other?.state === 'failed',
  );
  expect(system.version === subject.first.version, `slot a runs ${system.version}`);
  expect(system.state === 'good', `slot a is ${system.state}`);
  const starts = startsOf(subject, machine);
  expect(
    starts === triesAtMost + 1,
    `it took ${starts} starts instead of three tries and one of the old version`,
  );
}

/** The new version marks itself good, and runs again after a restart. */
async function expectToStay(subject: Subject, machine: Machine): Promise<void> {
  const isGood = ({ slot, state, version }: SystemStatus): boolean =>
    slot === 'b' && state === 'good' && version === secondVersion;
  await waitForSystem(machine, 'version 9 is marked good', isGood);
  expect(startsOf(subject, machine) === 1, 'it was not good at its first try');
  await machine.reset();
  await waitUntil(
    { what: 'it has restarted', limitSeconds: cellLimitSeconds, report: () => machine.report() },
    async () => (startsOf(subject, machine) >= 2 ? true : null),
  );
  const again = await waitForSystem(machine, 'version 9 runs again', isGood);
  expect(again.other?.state === 'good', `the old version is ${again.other?.state}`);
}

/** Nothing is written where there is no room for a kernel image, and the old version goes on. */
async function runFullBootPartition(subject: Subject): Promise<CellResult> {
  const disk = copyDisk(subject.first.image.file, path.join(subject.directory, 'esp-full.raw'));
  await fillBootPartition(subject, disk);
  // A disk is in one machine at a time.
  const updateDisk = copyDisk(subject.updateDisk, path.join(subject.directory, 'esp-full.update'));
  const options = { image: imageOf(disk), extraDiskFiles: [updateDisk] };
  return withMachine(subject, 'esp-full', options, async (machine) => {
    const { lastUpdate, ...system } = await waitForSystem(
      machine,
      'the update is refused',
      (status) => status.lastUpdate !== null,
    );
    expect(lastUpdate?.ok === false, `the update was taken: ${lastUpdate?.message}`);
    expect(/boot partition|\/efi/.test(lastUpdate?.message ?? ''), `it says: ${lastUpdate?.message}`);
    expect(system.slot === 'a' && system.state === 'good', `slot ${system.slot} is ${system.state}`);
    expect(system.other?.state === 'empty', `slot b is ${system.other?.state}`);
    await machine.reset();
    await waitUntil(
      { what: 'it has restarted', limitSeconds: cellLimitSeconds, report: () => machine.report() },
      async () => (startsOf(subject, machine) >= 2 ? true : null),
    );
    await waitForSystem(
      machine,
      'the old version starts again',
      ({ slot, state }) => slot === 'a' && state === 'good',
    );
  });
}

export async function waitForSystem(
  machine: Machine,
  what: string,
  matches: (system: SystemStatus) => boolean,
): Promise<SystemStatus> {
  let last = '';
  return await waitUntil(
    {
      ...{ what, limitSeconds: cellLimitSeconds, pauseMilliseconds: 1000 },
      report: () => `last status: ${last}\n${machine.report()}`,
    },
    async () => {
      const system = (await machine.request('update.status')) as SystemStatus;
      last = JSON.stringify(system);
      return matches(system) ? system : null;
    },
  );
}

export async function withMachine(
  subject: Subject,
  name: string,
  options: Partial<MachineOptions>,
  work: (machine: Machine) => Promise<void>,
): Promise<CellResult> {
  const startedAt = performance.now();
  const machine = await makeMachine(subject, name, options);
  try {
    await machine.powerOn();
    await work(machine);
  } catch (error) {
    await machine.close();
    throw error;
  }
  const starts = startsOf(subject, machine);
  await machine.close();
  // What went well need not be kept; the disks are large.
  for (const file of [
    `${name}.qcow2`,
    `${name}.raw`,
    `${name}.raw.efi`,
    `${name}.raw.filler`,
    `${name}.update`,
    `${name}.vars`,
  ]) {
    rmSync(path.join(subject.directory, file), { force: true });
  }
  return { starts, seconds: (performance.now() - startedAt) / 1000 };
}

function startsOf({ first }: Subject, machine: Machine): number {
  return machine.console.lines.filter((line) => startLines[first.image.bootChain].test(line)).length;
}

export function copyDisk(source: string, target: string): string {
  const { status, stderr } = spawnSync('cp', ['--sparse=always', source, target], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${source} cannot be copied: ${stderr}`);
  return target;
}

export function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
