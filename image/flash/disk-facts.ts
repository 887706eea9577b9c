/** Reads what the kernel says about disks and their use, for `disks.ts` to decide with. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BlockFacts, type MachineFacts, parseMounts, swapSources } from './disks.ts';

const blockDirectory = '/sys/class/block';

export async function readMachineFacts(): Promise<MachineFacts> {
  const names = await list(blockDirectory);
  const blocks = await Promise.all(names.map(readBlock));
  const mountInfo = await readFile('/proc/self/mountinfo', 'utf8');
  const swaps = await text('/proc/swaps');
  const sources = [...parseMounts(mountInfo).map(({ source }) => source), ...swapSources(swaps)];
  const resolved: Record<string, string> = {};
  for (const source of sources.filter((name) => name.startsWith('/dev/'))) {
    const target = await realpath(source).catch(() => null);
    if (target !== null) resolved[source] = path.basename(target);
  }
  return {
    blocks: blocks.filter((block) => block !== null),
    mountInfo,
    swaps,
    resolved,
    pooled: await readPooled(),
  };
}

/** @returns null when the device went away meanwhile. */
async function readBlock(name: string): Promise<BlockFacts | null> {
  const at = path.join(blockDirectory, name);
  const sysPath = await realpath(at).catch(() => null);
  if (sysPath === null) return null;
  const isPartition = (await text(path.join(at, 'partition'))) !== '';
  const backingFile = await text(path.join(at, 'loop/backing_file'));
  const names = [await text(path.join(at, 'device/vendor')), await text(path.join(at, 'device/model'))];
  return {
    ...{ name, sysPath, device: await text(path.join(at, 'dev')) },
    // The kernel counts in sectors of 512 bytes, whatever the disk's own are.
    sizeBytes: Number(await text(path.join(at, 'size'))) * 512,
    sectorBytes: Number((await text(path.join(at, 'queue/logical_block_size'))) || 512),
    isReadOnly: (await text(path.join(at, 'ro'))) === '1',
    isRemovable: (await text(path.join(at, 'removable'))) === '1',
    partitionOf: isPartition ? path.basename(path.dirname(sysPath)) : null,
    slaves: await list(path.join(at, 'slaves')),
    backingDevice: backingFile === '' ? null : await deviceOf(backingFile),
    // SATA disks have a model and the vendor "ATA"; cards have a name.
    model:
      names.filter((word) => word !== '' && word !== 'ATA').join(' ') ||
      (await text(path.join(at, 'device/name'))),
  };
}

async function deviceOf(file: string): Promise<string | null> {
  const number = await stat(file).then(
    ({ dev }) => dev,
    () => null,
  );
  if (number === null) return null;
  // makedev(3): twelve bits of the major number and twenty of the minor one, interleaved for history's sake.
  const major = (number >>> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >>> 12) & 0xfff00);
  return `${major}:${minor}`;
}

async function readPooled(): Promise<string[]> {
  const pools = await list('/sys/fs/btrfs');
  const devices = await Promise.all(pools.map((pool) => list(path.join('/sys/fs/btrfs', pool, 'devices'))));
  return [...new Set(devices.flat())].sort();
}

async function list(directory: string): Promise<string[]> {
  return (await readdir(directory).catch(() => [])).sort();
}

/** Without the space around it; nothing when there is no such file. */
async function text(file: string): Promise<string> {
  return (await readFile(file, 'utf8').catch(() => '')).trim();
}
