/** Breaks the version that a device has installed into slot B, on its disk. */
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { architectureOf } from '../../image/architecture.ts';
import { buildUki } from '../../image/boot/uki.ts';
import { openCache } from '../../image/cache/cache.ts';
import { encodeCpio } from '../../image/formats/cpio/cpio.ts';
import { decodeTable, type Partition, primarySectors } from '../../image/formats/gpt/gpt.ts';
import { sectorSize } from '../../image/formats/gpt/layout.ts';
import { readLock } from '../../image/packages/lock.ts';
import { unpackPackages } from '../../image/packages/unpack.ts';
import { planImage } from '../../image/plan/plan.ts';
import { readRecipe } from '../../image/recipe/parse.ts';
import { developmentKeys } from '../../image/signing/development-keys.ts';
import { signerOf } from '../../image/signing/signer.ts';
import { runTool } from '../../image/tools/tools.ts';
import { readBuildReport } from '../trivet-command.ts';
import type { InitChange } from './failures.ts';
import type { Subject } from './subject.ts';

const initScript = path.resolve(import.meta.dirname, '../../image/root/initrd/init');
/** As the broken version would be built: so much time until the watchdog bites would only make the test longer. */
const watchdogSeconds = { replace: /\b90\b/g, by: '30' };

/** Puts a kernel image in place of slot B's whose initrd does what `change` says. */
export async function breakInit(subject: Subject, disk: string, change: InitChange): Promise<void> {
  const script = readFileSync(initScript, 'utf8');
  const broken = script
    .replace(change.replace, () => change.by)
    .replace(watchdogSeconds.replace, watchdogSeconds.by);
  if (!script.includes(change.replace) || broken === script) {
    throw new Error(`image/root/initrd/init has changed: it holds no ${JSON.stringify(change.replace)}`);
  }
  const file = path.join(path.dirname(disk), `${path.basename(disk)}.efi`);
  writeFileSync(file, await kernelImageWith(subject, broken));
  await putKernelImage(subject, disk, file);
}

/** Flips a bit in many blocks of slot B's root: wherever the system reads first, it meets one. */
export function corruptRoot(subject: Subject, disk: string): void {
  const { firstLba } = partitionOf(disk, 'root-b');
  const { root } = readBuildReport(subject.second.directory).sizesBytes;
  const start = firstLba * sectorSize;
  const descriptor = openSync(disk, 'r+');
  try {
    const byte = Buffer.alloc(1);
    // Behind the super block, by which the initrd finds the slot.
    for (let offset = 4096; offset < root; offset += 4096) {
      readSync(descriptor, byte, 0, 1, start + offset);
      byte[0]! ^= 1;
      writeSync(descriptor, byte, 0, 1, start + offset);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Leaves room for half a kernel image on the boot partition of a disk. */
export async function fillBootPartition(subject: Subject, disk: string): Promise<void> {
  const esp = `${disk}@@${partitionOf(disk, 'esp').firstLba * sectorSize}`;
  const tools = await toolsOf(subject);
  const { stdout } = await runTool(tools, 'mdir', ['-i', esp, '::']);
  const free = Number(/([\d ]+) bytes free/.exec(stdout)?.[1]?.replaceAll(' ', ''));
  const { uki } = readBuildReport(subject.second.directory).sizesBytes;
  const file = `${disk}.filler`;
  writeFileSync(file, Buffer.alloc(free - Math.floor(uki / 2), 1));
  await runTool(tools, 'mcopy', ['-i', esp, file, '::filler']);
}

/** The kernel image of version 9 with another script: a second archive behind the first goes over it. */
async function kernelImageWith(subject: Subject, script: string): Promise<Uint8Array> {
  const { directory, recipe } = subject.second;
  const lock = await readLock(lockFile(subject));
  const plan = planImage(await readRecipe(recipe), secondVersionOf(subject), subject.first.architecture);
  const initrd = await readFile(path.join(directory, 'initrd'));
  const over = encodeCpio(
    [{ kind: 'file', name: 'init', executable: true, data: Buffer.from(script) }],
    plan.sourceDateEpoch,
  );
  // An archive that is not compressed begins at a multiple of four.
  const padding = Buffer.alloc((4 - (initrd.length % 4)) % 4);
  const unsigned = await buildUki({
    architecture: architectureOf(subject.first.architecture),
    packageTree: await unpackPackages(openCache(), lock.base),
    kernel: await readFile(path.join(directory, 'kernel')),
    kernelVersion: lock.kernel,
    initrd: Buffer.concat([initrd, padding, over]),
    commandLine: readFileSync(path.join(directory, 'cmdline'), 'utf8').trim(),
    osRelease: plan.osRelease,
  });
  return signerOf(await developmentKeys()).signProgram('the broken kernel image', unsigned);
}

function secondVersionOf(subject: Subject): string {
  return readBuildReport(subject.second.directory).version;
}

function lockFile(subject: Subject): string {
  const { directory } = subject.second;
  return path.join(directory, readBuildReport(directory).files.lock);
}

async function putKernelImage(subject: Subject, disk: string, file: string): Promise<void> {
  const tools = await toolsOf(subject);
  const esp = `${disk}@@${partitionOf(disk, 'esp').firstLba * sectorSize}`;
  const { stdout } = await runTool(tools, 'mdir', ['-b', '-i', esp, '::EFI/Linux']);
  const name = /EFI\/Linux\/(trivet-b\S*)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error(`slot B has no kernel image: ${stdout}`);
  await runTool(tools, 'mcopy', ['-o', '-i', esp, file, `::EFI/Linux/${name}`]);
}

async function toolsOf(subject: Subject): Promise<{ tree: string; sourceDateEpoch: number }> {
  const { tools } = await readLock(lockFile(subject));
  return { tree: await unpackPackages(openCache(), tools), sourceDateEpoch: 0 };
}

function partitionOf(disk: string, name: string): Partition {
  const start = Buffer.alloc(primarySectors * sectorSize);
  const descriptor = openSync(disk, 'r');
  try {
    readSync(descriptor, start, 0, start.length, 0);
  } finally {
    closeSync(descriptor);
  }
  return decodeTable(start).partitions.find((partition) => partition.name === name)!;
}
