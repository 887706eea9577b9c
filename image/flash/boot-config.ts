/** Puts a person's configuration onto the boot partition while the image goes by (`trivet flash --config`). */
import { open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { checkPartialConfig } from '../../runtime/config/partial.ts';
import { YamlFaultsError } from '../../runtime/config/yaml-faults.ts';
import { BuildError } from '../build-error.ts';
import type { Cache } from '../cache/cache.ts';
import { temporary } from '../cache/temporary.ts';
import { pieces as piecesOfFile } from '../disk/write-disk.ts';
import { openApt, updateLists } from '../packages/apt.ts';
import { fetchPackages } from '../packages/fetch.ts';
import { readLock } from '../packages/lock.ts';
import { resolvePackages } from '../packages/resolve.ts';
import { unpackPackages } from '../packages/unpack.ts';
import { hostArchitecture, runTool, type Tools, toolPackages } from '../tools/tools.ts';
import type { Piece } from './image-source.ts';
import type { Range } from './ranges.ts';

export interface BootConfig {
  readonly text: string;
  readonly tools: Tools;
  readonly cache: Cache;
}

/** The name that a device looks for on its boot partition. */
const nameOnDevice = 'trivet.yaml';

/**
 * Reads and checks the file, and provides what writes it.
 * @param imageFile the lock file beside it names the tools that made the image; without one they are looked up.
 */
export async function readBootConfig(
  file: string,
  imageFile: string | null,
  cache: Cache,
): Promise<BootConfig> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'there is no such file' : cause.message;
    throw new BuildError('recipe', `The configuration ${file} cannot be read: ${reason}.`, { cause });
  });
  try {
    checkPartialConfig(text, file);
  } catch (error) {
    if (!(error instanceof YamlFaultsError)) throw error;
    const heading = error.count === 1 ? '' : `The configuration has ${error.count} faults:\n`;
    throw new BuildError('recipe', heading + error.message);
  }
  return { text, cache, tools: await provideTools(imageFile, cache) };
}

async function provideTools(imageFile: string | null, cache: Cache): Promise<Tools> {
  const apt = (): ReturnType<typeof openApt> => openApt(cache, hostArchitecture.debian);
  const packages = (await toolsOfLock(imageFile)) ?? (await resolveTools(await apt(), cache));
  await fetchPackages(cache, packages, { offline: false, apt });
  return { tree: await unpackPackages(cache, packages), sourceDateEpoch: 0 };
}

async function toolsOfLock(imageFile: string | null): Promise<Parameters<typeof fetchPackages>[1] | null> {
  const lockFile = imageFile?.replace(/\.raw(\.zst)?$/, '.lock.json');
  if (lockFile === undefined || lockFile === imageFile) return null;
  const isThere = await readFile(lockFile).then(
    () => true,
    () => false,
  );
  return isThere ? (await readLock(lockFile)).tools : null;
}

async function resolveTools(
  apt: Awaited<ReturnType<typeof openApt>>,
  cache: Cache,
): Promise<Parameters<typeof fetchPackages>[1]> {
  await updateLists(apt, false);
  return resolvePackages(apt, cache, toolPackages);
}

/**
 * The image's pieces, with the configuration on the boot partition. That partition is set aside until all of it has
 * come, so that this works from a pipe and what is read back later is what was written.
 */
export async function* withBootConfig(
  pieces: AsyncIterable<Piece>,
  esp: Range,
  config: BootConfig,
): AsyncGenerator<Piece> {
  await using work = await temporary(path.join(config.cache.directory, 'flashing', String(process.pid)));
  const file = path.join(work.directory, 'esp');
  // A configuration may hold the cluster's secret.
  await writeFile(file, '', { mode: 0o600 });
  await using aside = await open(file, 'r+');
  await aside.truncate(esp.to - esp.from);
  for await (const { at, bytes } of pieces) {
    const end = at + bytes.length;
    const part = (from: number, to: number): Buffer =>
      bytes.subarray(Math.max(0, from - at), Math.max(0, Math.min(to, end) - at));
    const [before, inside, after] = [part(at, esp.from), part(esp.from, esp.to), part(esp.to, end)];
    if (before.length > 0) yield { at, bytes: before };
    if (inside.length > 0) await aside.write(inside, 0, inside.length, Math.max(at, esp.from) - esp.from);
    if (inside.length > 0 && end >= esp.to) {
      await putConfig(file, config, path.join(work.directory, nameOnDevice));
      for await (const { at: within, piece } of piecesOfFile(file))
        yield { at: esp.from + within, bytes: piece };
    }
    if (after.length > 0) yield { at: Math.max(at, esp.to), bytes: after };
  }
}

async function putConfig(espFile: string, { text, tools }: BootConfig, source: string): Promise<void> {
  await writeFile(source, text, { mode: 0o600 });
  await runTool(tools, 'mcopy', ['-o', '-i', espFile, source, `::${nameOnDevice}`]);
}
