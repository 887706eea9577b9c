/** Reads a finished image: partitions from its table, kernel images from its boot partition, packages from its lock. */
import { open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { BuildError } from '../build-error.ts';
import type { Cache } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { decodeTable, type PartitionTable, primarySectors } from '../formats/gpt/gpt.ts';
import { sectorSize } from '../formats/gpt/layout.ts';
import { readSections } from '../formats/pe/pe.ts';
import { openApt } from '../packages/apt.ts';
import { fetchPackages } from '../packages/fetch.ts';
import { type Lock, readLock } from '../packages/lock.ts';
import { unpackPackages } from '../packages/unpack.ts';
import { hostArchitecture, runTool, type Tools } from '../tools/tools.ts';

export interface Inspection {
  readonly sizeBytes: number;
  readonly diskGuid: string;
  readonly partitions: readonly InspectedPartition[];
  readonly kernelImages: readonly InspectedKernelImage[];
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
  const { table, sizeBytes } = await readTable(file);
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
  const lock = await lockBeside(file);
  return {
    ...{ sizeBytes, diskGuid: table.diskGuid, partitions },
    kernelImages: lock === null ? [] : await readKernelImages(file, esp.offsetBytes, cache, lock),
    packages:
      lock === null ? null : [...lock.base, ...lock.extra].map(({ name, version }) => ({ name, version })),
    kernelVersion: lock?.kernel ?? null,
    nodeVersion: lock?.node ?? null,
  };
}

async function readTable(
  file: string,
): Promise<{ readonly table: PartitionTable; readonly sizeBytes: number }> {
  try {
    await using handle = await open(file);
    const start = Buffer.alloc(primarySectors * sectorSize);
    const { bytesRead } = await handle.read(start, 0, start.length, 0);
    return { table: decodeTable(start.subarray(0, bytesRead)), sizeBytes: (await handle.stat()).size };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : message;
    throw new BuildError('not-an-image', `${file} is no image: ${reason}.`, { cause });
  }
}

async function lockBeside(file: string): Promise<Lock | null> {
  const lockFile = file.replace(/\.raw$/, '.lock.json');
  const isThere =
    lockFile !== file &&
    (await readFile(lockFile).then(
      () => true,
      () => false,
    ));
  return isThere ? readLock(lockFile) : null;
}

/** The tools that built the image read its boot partition; the lock names them. */
async function readKernelImages(
  file: string,
  espOffset: number,
  cache: Cache,
  lock: Lock,
): Promise<InspectedKernelImage[]> {
  await fetchPackages(cache, lock.tools, {
    offline: false,
    apt: () => openApt(cache, hostArchitecture.debian),
  });
  const tools: Tools = { tree: await unpackPackages(cache, lock.tools), sourceDateEpoch: 0 };
  const esp = `${file}@@${espOffset}`;
  await using work = await temporary(path.join(cache.directory, 'inspecting', String(process.pid)));
  await runTool(tools, 'mcopy', ['-s', '-i', esp, '::EFI/Linux', work.directory]);
  const { stdout } = await runTool(tools, 'mdir', ['-b', '-i', esp, '::EFI/Linux']);
  const names = stdout.split('\n').filter((line) => line.endsWith('.efi'));
  return Promise.all(
    names.map(async (name) => {
      const base = path.posix.basename(name);
      return readKernelImage(base, await readFile(path.join(work.directory, 'Linux', base)));
    }),
  );
}

function readKernelImage(name: string, content: Uint8Array): InspectedKernelImage {
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
