/** Reads a finished image: partitions from its table, kernel images from its boot partition, packages from its lock. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import type { Cache } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { decodeTable, type PartitionTable } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { readSections } from '../formats/pe/pe.ts';
import type { FileRecord } from '../sbom/provenance.ts';
import { readBootPartition, toolsFor } from './boot-partition.ts';
import {
  besideImage,
  type ImageFile,
  lockBeside,
  openImageFile,
  readOptional,
  readPrimary,
} from './image-file.ts';
import { type InspectedKeys, type InspectedSignature, inspectKeys, inspectSignatures } from './signatures.ts';

export interface Inspection {
  readonly sizeBytes: number;
  readonly diskGuid: string;
  readonly partitions: readonly InspectedPartition[];
  readonly kernelImages: readonly InspectedKernelImage[];
  readonly keys: InspectedKeys;
  readonly signatures: readonly InspectedSignature[];
  /** Other forms of the image, bills of materials and the like. */
  readonly filesBeside: readonly { readonly name: string; readonly sizeBytes: number }[];
  /** From the lock file beside the image; null when there is none. */
  readonly packages: readonly { readonly name: string; readonly version: string }[] | null;
  readonly kernelVersion: string | null;
  readonly nodeVersion: string | null;
}

export interface InspectedPartition {
  readonly name: string;
  readonly guid: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export interface InspectedKernelImage {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sections: readonly { readonly name: string; readonly sizeBytes: number }[];
  readonly commandLine: string;
  readonly rootHash: string | null;
}

/** @throws BuildError `not-an-image` when it is something else. */
export async function inspectImage(file: string, cache: Cache): Promise<Inspection> {
  await using work = await temporary(path.join(cache.directory, 'inspecting', String(process.pid)));
  const image = await openImageFile(file, work.directory);
  const table = await readTable(image);
  const partitions = table.partitions.map(({ name, guid, firstLba, sectors }) => ({
    ...{ name, guid },
    offsetBytes: firstLba * sectorSize,
    sizeBytes: sectors * sectorSize,
  }));
  const esp = partitions.find((partition) => partition.name === 'esp');
  if (!esp || !partitions.some((partition) => partition.name === 'root-a')) {
    throw new BuildError(
      'not-an-image',
      `${file} is no image of Trivet: it has no partitions "esp" and "root-a".`,
    );
  }
  const lock = await lockBeside(image);
  const boot =
    lock === null
      ? null
      : await readBootPartition(
          await toolsFor(cache, lock),
          image.rawFile,
          esp.offsetBytes,
          path.join(work.directory, 'esp'),
        );
  const kernelImages = (boot?.programs ?? []).filter(({ path: name }) => name.startsWith('EFI/Linux/'));
  return {
    ...{ sizeBytes: image.sizeBytes, diskGuid: table.diskGuid, partitions },
    kernelImages: kernelImages.map(({ path: name, content }) =>
      readKernelImage(path.basename(name), content),
    ),
    keys: await inspectKeys(image, boot),
    signatures: await inspectSignatures(image, boot),
    filesBeside: await listBeside(image),
    packages:
      lock === null ? null : [...lock.base, ...lock.extra].map(({ name, version }) => ({ name, version })),
    kernelVersion: lock?.kernel ?? null,
    nodeVersion: lock?.node ?? null,
  };
}

/** Where every file of the root comes from, as the build wrote it beside the image. */
export async function inspectFiles(file: string, cache: Cache): Promise<readonly FileRecord[]> {
  await using work = await temporary(path.join(cache.directory, 'inspecting', String(process.pid)));
  const image = await openImageFile(file, work.directory);
  const records = besideImage(image, '.files.json');
  const text = await readOptional(records);
  if (text === null) {
    throw new BuildError('not-an-image', `There is no ${records}, which the build writes beside the image.`);
  }
  try {
    return JSON.parse(text.toString()) as FileRecord[];
  } catch (cause) {
    throw new BuildError('not-an-image', `${records} is damaged: it is not JSON.`, { cause });
  }
}

async function readTable(image: ImageFile): Promise<PartitionTable> {
  try {
    return decodeTable(await readPrimary(image));
  } catch (cause) {
    throw new BuildError('not-an-image', `${image.file} is no image: ${(cause as Error).message}.`, {
      cause,
    });
  }
}

/** Forms of the image and what describes it, by what their names begin with. */
async function listBeside(image: ImageFile): Promise<Inspection['filesBeside']> {
  const names = (await readdir(image.directory))
    .filter((name) => name.startsWith(`${image.baseName}.`))
    .sort();
  return Promise.all(
    names.map(async (name) => ({ name, sizeBytes: (await stat(path.join(image.directory, name))).size })),
  );
}

export function readKernelImage(name: string, content: Uint8Array): InspectedKernelImage {
  const sections = readSections(content);
  const section = sections.find((candidate) => candidate.name === '.cmdline');
  const bytes = section ? content.subarray(section.rawOffset, section.rawOffset + section.virtualSize) : [];
  const commandLine = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '');
  return {
    name,
    sizeBytes: content.length,
    sections: sections.map(({ name, virtualSize }) => ({ name, sizeBytes: virtualSize })),
    commandLine,
    rootHash: /(?:^| )roothash=([0-9a-f]+)/.exec(commandLine)?.[1] ?? null,
  };
}
