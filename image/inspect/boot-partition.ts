/** The files of an image's boot partition, read by the builder's tools. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cache } from '../cache/cache.ts';
import { openApt, updateLists } from '../packages/apt.ts';
import { fetchPackages } from '../packages/fetch.ts';
import type { Lock } from '../packages/lock.ts';
import { resolvePackages } from '../packages/resolve.ts';
import { unpackPackages } from '../packages/unpack.ts';
import { listTree } from '../root/select.ts';
import { type EnrolmentFiles, enrolmentNames } from '../signing/enrolment.ts';
import { hostArchitecture, runTool, type Tools, toolPackages } from '../tools/tools.ts';

export interface BootPartition {
  /** Boot loaders and kernel images, by path. */
  readonly programs: readonly { readonly path: string; readonly content: Buffer }[];
  /** The keys that a machine in setup mode may take; null when they are not there. */
  readonly enrolment: EnrolmentFiles | null;
}

/** The tools that built the image, as its lock names them; without one those of today. */
export async function toolsFor(cache: Cache, lock: Lock | null): Promise<Tools> {
  const apt = () => openApt(cache, hostArchitecture.debian);
  let packages = lock?.tools;
  if (packages === undefined) {
    const opened = await apt();
    await updateLists(opened, false);
    packages = [...(await resolvePackages(opened, cache, toolPackages))];
  }
  await fetchPackages(cache, packages, { offline: false, apt });
  return { tree: await unpackPackages(cache, packages), sourceDateEpoch: 0 };
}

/** @param output a directory that the files are left in. @throws BuildError when the file system cannot be read. */
export async function readBootPartition(
  tools: Tools,
  rawFile: string,
  offsetBytes: number,
  output: string,
): Promise<BootPartition> {
  await mkdir(output, { recursive: true });
  await runTool(tools, 'mcopy', ['-s', '-n', '-i', `${rawFile}@@${offsetBytes}`, '::*', output]);
  const names = await listTree(output);
  const programs = names.filter((name) => /\.efi$/i.test(name));
  return {
    programs: await Promise.all(
      programs.map(async (name) => ({ path: name, content: await readFile(path.join(output, name)) })),
    ),
    enrolment: await readEnrolment(output, names),
  };
}

async function readEnrolment(directory: string, names: readonly string[]): Promise<EnrolmentFiles | null> {
  const files = enrolmentNames.map((name) => [name, `loader/keys/auto/${name}.auth`] as const);
  if (!files.every(([, file]) => names.includes(file))) return null;
  const contents = files.map(
    async ([name, file]) => [name, await readFile(path.join(directory, file))] as const,
  );
  return Object.fromEntries(await Promise.all(contents)) as unknown as EnrolmentFiles;
}
