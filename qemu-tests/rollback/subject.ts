/**
 * One image under test: its first version, and version 9 as an update; and a disk on which the device has installed the
 * update and is about to try it, which every failure starts from.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SystemStatus } from '../../runtime/admin/protocol.ts';
import { makeUpdateDisk } from '../lab/update-disk.ts';
import { waitUntil } from '../lab/wait.ts';
import { type BootImage, openImage } from '../machine/image.ts';
import { Machine, type MachineOptions } from '../machine/machine.ts';
import { buildImages, type RecipeImage } from '../recipe-images.ts';
import { buildRecipe, readBuildReport } from '../trivet-command.ts';

export interface Subject {
  readonly first: RecipeImage;
  /** The build of version 9: its directory and its recipe. */
  readonly second: { readonly directory: string; readonly recipe: string };
  /** A raw disk that carries the update. */
  readonly updateDisk: string;
  readonly directory: string;
}

export const secondVersion = '9.0.0';
/** Short, so that three tries of an agent that is not healthy do not take a quarter of an hour. */
const healthSeconds = 60;

const memoryMebibytes = 512;
/** Translated, and beside other machines. */
const installLimitMilliseconds = 900_000;

/** Builds both versions of every image of a recipe; files go into `directory`. */
export async function buildSubjects(recipe: string, directory: string): Promise<readonly Subject[]> {
  const images = await buildImages(recipe);
  const subjects: Subject[] = [];
  for (const first of images) {
    const own = path.join(directory, first.name);
    rmSync(own, { recursive: true, force: true });
    mkdirSync(own, { recursive: true });
    const secondRecipe = path.join(own, 'second.yaml');
    const below = path.relative(own, path.resolve(recipe));
    writeFileSync(
      secondRecipe,
      `extends: ${below}\nversion: "${secondVersion}"\nupdate: { healthSeconds: ${healthSeconds} }\n`,
    );
    const second = await buildRecipe(secondRecipe, {
      ...(images.length > 1 ? { architecture: first.architecture } : {}),
      ...{ outputDirectory: path.join(own, 'second'), quiet: true },
    });
    const updateDisk = path.join(own, 'update.raw');
    const { files } = readBuildReport(path.dirname(second));
    await makeUpdateDisk(path.join(path.dirname(second), files.update), updateDisk);
    subjects.push({
      ...{ first, updateDisk, directory: own },
      second: { directory: path.dirname(second), recipe: secondRecipe },
    });
  }
  return subjects;
}

/** What the firmware remembers of the installation. */
function variablesOf(subject: Subject): string {
  return path.join(subject.directory, 'firmware.vars');
}

/** A machine of the subject, switched off, alone, started by firmware as on a device. */
export function makeMachine(
  subject: Subject,
  name: string,
  options: Partial<MachineOptions> = {},
): Promise<Machine> {
  const variables = variablesOf(subject);
  return Machine.create({
    ...(existsSync(variables) ? { firmwareVariablesFile: variables } : {}),
    ...{ name, directory: subject.directory, image: subject.first.image, memoryMebibytes, direct: false },
    ...{ diskBytes: 2 * 1024 ** 3, networkSocket: null, macAddress: '52:54:00:00:00:01' },
    ...options,
  });
}

/** Starts version 1 with the update plugged in. @returns a raw disk as it is when the device restarts to try version 9. */
export async function installUpdate(subject: Subject): Promise<string> {
  const machine = await makeMachine(subject, 'install', {
    ...{ endsAtRestart: true, extraDiskFiles: [subject.updateDisk] },
  });
  try {
    await machine.powerOn();
    await untilRestartOrRefusal(machine);
    if (machine.console.lines.some((line) => /keys successfully enrolled/.test(line))) {
      // Firmware in setup mode took the keys first of all, and restarted for that.
      await machine.powerOn();
      await untilRestartOrRefusal(machine);
    }
    if (existsSync(machine.firmwareVariablesFile))
      copyFileSync(machine.firmwareVariablesFile, variablesOf(subject));
    const installed = path.join(subject.directory, 'installed.raw');
    const { status, stderr } = spawnSync('qemu-img', ['convert', '-O', 'raw', machine.diskFile, installed], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the installed disk cannot be copied: ${stderr}`);
    return installed;
  } finally {
    await machine.close();
  }
}

/** A device that refuses the update never restarts: it says why instead. */
async function untilRestartOrRefusal(machine: Machine): Promise<void> {
  const refused = waitUntil(
    { what: 'the update is refused', limitSeconds: installLimitMilliseconds / 1000, pauseMilliseconds: 2000 },
    async () => {
      if (!machine.isRunning) return '';
      const { lastUpdate } = (await machine.request('update.status')) as SystemStatus;
      return lastUpdate?.ok === false ? lastUpdate.message : null;
    },
  ).then((reason) => {
    if (reason !== '') throw new Error(`${machine.name} did not take the update: ${reason}`);
  });
  await Promise.race([machine.untilRestart(installLimitMilliseconds), refused]);
}

/** The raw file as an image to start a machine from. */
export function imageOf(file: string): BootImage {
  return { ...openImage(file), sizeBytes: statSync(file).size };
}
