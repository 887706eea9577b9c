/**
 * Installs an update into the slot that does not run. The steps are in an order in which the machine can be started
 * after each of them, and in the middle of each: the kernel image goes first and comes last.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import {
  makeStartable,
  removeDurably,
  sizeOfFiles,
  withWritableBootPartition,
  writeBootFile,
  writeKernelImage,
  writeSlots,
} from './boot-partition.ts';
import { bootFilesDirectory, entriesDirectory, kernelImagesOf, readBootState } from './boot-state.ts';
import { decideInstall, type InstallObservation } from './decide.ts';
import { type Device, otherSlot, partitionFile, type Slot } from './device.ts';
import { partOf, type UpdatePart } from './format.ts';
import { sha256OfStart, sizeOfDevice, writeDifferences } from './slot-writer.ts';
import { UpdateError } from './update-error.ts';
import { UpdateFile } from './update-file.ts';

export interface InstallOptions {
  readonly retry: boolean;
  /** Hears what is being done, in full sentences. */
  readonly tell: (sentence: string) => void;
}

export interface InstallOutcome {
  /** `running`: nothing was to be done. `installed`: the next start tries it. */
  readonly kind: 'running' | 'installed';
  readonly version: string;
}

export interface InstallStep {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const tries = 3;

/** Checks, then installs. Throws `UpdateError`; nothing was changed unless its code is `damaged` or `device`. */
export async function installUpdate(
  file: string,
  device: Device,
  { retry, tell }: InstallOptions,
): Promise<InstallOutcome> {
  const update = await UpdateFile.open(file, device.image.publicKey);
  try {
    const { version } = update.manifest;
    const decision = decideInstall(update.manifest, await observe(device, retry));
    if (decision.kind === 'running') return { kind: 'running', version };
    if (decision.kind === 'pending') return { kind: 'installed', version };
    tell(`Version ${version} is for this machine. Reading it once before anything is changed.`);
    await update.checkWhole();
    tell(`Writing version ${version} to slot ${otherSlot(device.slot)}.`);
    for (const step of planSteps(device, update)) await step.run();
    return { kind: 'installed', version };
  } finally {
    await update.close();
  }
}

async function observe(device: Device, retry: boolean): Promise<InstallObservation> {
  const slot = otherSlot(device.slot);
  const { bavail, bsize } = await statfs(device.paths.bootPartition);
  const given = sizeOfFiles([...kernelImagesOf(device, slot), ...bootFilesOf(device, slot)]);
  return {
    image: device.image,
    boot: readBootState(device),
    rootBytes: sizeOfDevice(partitionFile(device, `root-${slot}`)),
    verityBytes: sizeOfDevice(partitionFile(device, `verity-${slot}`)),
    bootPartitionBytes: bavail * bsize + given,
    clusterBytes: bsize,
    retry,
  };
}

function bootFilesOf(device: Device, slot: Slot): readonly string[] {
  const directory = bootFilesDirectory(device, slot);
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

/** Every step is durable when it has ended. */
export function planSteps(device: Device, update: UpdateFile): readonly InstallStep[] {
  const slot = otherSlot(device.slot);
  const { manifest } = update;
  const [root, verity, kernel] = (['root', 'verity', 'kernel'] as const).map((kind) =>
    partOf(manifest, kind),
  ) as [UpdatePart, UpdatePart, UpdatePart];
  const [rootFile, verityFile] = [
    partitionFile(device, `root-${slot}`),
    partitionFile(device, `verity-${slot}`),
  ];
  const entries = entriesDirectory(device);
  const files = manifest.parts.filter((part) => part.kind === 'file');
  const filesDirectory = bootFilesDirectory(device, slot);
  const onBootPartition = (work: () => Promise<void> | void) => () => withWritableBootPartition(device, work);
  const isCounted = device.image.bootChain === 'systemd-boot';
  const image = path.join(entries, isCounted ? `trivet-${slot}+${tries}.efi` : `trivet-${slot}.efi`);
  let firstSector: Uint8Array = new Uint8Array();
  return [
    {
      name: 'remove the kernel image of the slot',
      run: () => removeSlotFiles(device, [...kernelImagesOf(device, slot), filesDirectory]),
    },
    {
      name: 'write the root',
      run: async () => void (await writeDifferences(rootFile, update.content(root))),
    },
    {
      name: 'write the hash tree',
      run: async () => void (await writeDifferences(verityFile, update.content(verity))),
    },
    {
      name: 'read both back',
      run: async () => {
        device.actions.dropCaches();
        await requireWritten(rootFile, root);
        await requireWritten(verityFile, verity);
      },
    },
    {
      name: 'write the device trees',
      run: onBootPartition(async () => {
        for (const part of files)
          await writeBootFile(path.join(filesDirectory, part.path), update.content(part));
      }),
    },
    {
      name: 'write the kernel image',
      run: onBootPartition(async () => {
        firstSector = await writeKernelImage(image, update.content(kernel));
      }),
    },
    {
      name: 'read the boot files back',
      run: async () => {
        device.actions.dropCaches();
        for (const part of files) await requireFile(path.join(filesDirectory, part.path), part);
        await requireFile(image, kernel, firstSector);
      },
    },
    {
      name: 'make the kernel image one that can be started',
      run: onBootPartition(() => makeStartable(image, firstSector)),
    },
    ...(isCounted
      ? []
      : [
          {
            name: 'begin the trial',
            run: onBootPartition(() =>
              writeSlots(device, { good: device.slot, trial: slot, id: randomUUID() }),
            ),
          },
        ]),
  ];
}

async function requireWritten(file: string, part: UpdatePart): Promise<void> {
  if ((await sha256OfStart(file, part.sizeBytes)) === part.sha256) return;
  throw badDisk(file);
}

/** @param start what the file is to begin with and does not yet. */
async function requireFile(
  file: string,
  part: UpdatePart,
  start: Uint8Array = new Uint8Array(),
): Promise<void> {
  const hash = createHash('sha256').update(start);
  for await (const piece of createReadStream(file, { start: start.length })) hash.update(piece as Buffer);
  if (hash.digest('hex') !== part.sha256) throw badDisk(file);
}

function badDisk(file: string): UpdateError {
  return new UpdateError(
    'device',
    `What was written to ${file} reads back differently: the disk is failing. The version that runs is untouched; replace the disk.`,
  );
}

/**
 * A file that a power cut has left without its content makes Linux mount the file system read-only while it is removed: it is
 * gone then, and what remains is removed in a second go.
 */
async function removeSlotFiles(device: Device, files: readonly string[]): Promise<void> {
  const remove = (): Promise<void> => withWritableBootPartition(device, () => removeDurably(files));
  await remove().catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EROFS' && error.code !== 'EIO') throw error;
    return remove();
  });
}
