/** A whole image with everything beside it, small enough to be made in a second: what is in it never starts. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { architectureOf } from '../../architecture.ts';
import { buildEsp } from '../../boot/esp.ts';
import { uefiFiles } from '../../boot/uefi.ts';
import { buildUki } from '../../boot/uki.ts';
import type { Cache } from '../../cache/cache.ts';
import { layOutDisk } from '../../disk/partitions.ts';
import { writeDisk } from '../../disk/write-disk.ts';
import type { Partition } from '../../formats/gpt/gpt.ts';
import { openApt, updateLists } from '../../packages/apt.ts';
import { fetchPackages } from '../../packages/fetch.ts';
import { resolvePackages } from '../../packages/resolve.ts';
import { unpackPackages } from '../../packages/unpack.ts';
import { makeRootFileSystem } from '../../root/erofs.ts';
import { signSums } from '../../signing/sign-sums.ts';
import type { Signer } from '../../signing/signer.ts';
import { targetOf } from '../../targets.ts';
import { hostArchitecture, toolPackages } from '../../tools/tools.ts';

export interface SmallImage {
  readonly directory: string;
  readonly file: string;
  readonly partitions: readonly Partition[];
}

const mebibyte = 2 ** 20;
const baseName = 'trivet-small-1.0';

export async function makeSmallImage(cache: Cache, directory: string, signer: Signer): Promise<SmallImage> {
  const architecture = architectureOf('x86_64');
  const apt = await openApt(cache, hostArchitecture.debian);
  await updateLists(apt, false);
  const provide = async (names: readonly string[]): ReturnType<typeof resolvePackages> => {
    const packages = await resolvePackages(apt, cache, names);
    await fetchPackages(cache, packages, { offline: false, apt: async () => apt });
    return packages;
  };
  const toolLock = await provide(toolPackages);
  const tools = { tree: await unpackPackages(cache, toolLock), sourceDateEpoch: 1_700_000_000 };
  const packageTree = await unpackPackages(cache, await provide(['systemd-boot-efi']));
  const work = path.join(directory, 'work');
  const at = (name: string): string => path.join(work, name);
  await mkdir(at('tree/usr/lib/trivet'), { recursive: true });
  const description = { name: 'small', version: '1.0', keys: signer.kind, publicKey: signer.publicKeyPem };
  await writeFile(at('tree/usr/lib/trivet/image.json'), JSON.stringify(description));
  // Does not shrink: the file system shall have more than one block that a byte can be flipped in.
  const noise = createHash('shake256', { outputLength: 400_000 }).update('noise').digest();
  await writeFile(at('tree/noise'), noise);
  const root = await makeRootFileSystem({
    ...{ tools, tree: at('tree'), outputDirectory: work },
    ...{ uuid: '00112233-4455-8677-8899-aabbccddeeff', salt: '00'.repeat(32) },
  });
  const unsigned = await buildUki({
    ...{ architecture, packageTree, kernelVersion: '1', osRelease: 'ID=trivet\n' },
    ...{ kernel: Buffer.alloc(300_000, 'kernel'), initrd: Buffer.alloc(50_000, 'initrd') },
    commandLine: `quiet roothash=${root.rootHash}`,
  });
  const uki = signer.signProgram('the kernel image', unsigned);
  const espBytes = 40 * mebibyte;
  await buildEsp({
    ...{ tools, uki, files: await uefiFiles(packageTree, architecture, signer), sizeBytes: espBytes },
    ...{ workDirectory: work, output: at('esp.fat') },
  });
  const target = targetOf('cloud');
  const layout = layOutDisk({
    architecture,
    target,
    espBytes,
    slotBytes: 8 * mebibyte,
    verityBytes: mebibyte,
    root,
  });
  const file = path.join(directory, `${baseName}.raw`);
  await writeDisk(file, layout, { esp: at('esp.fat'), 'root-a': root.dataFile, 'verity-a': root.hashFile });
  const lock = {
    ...{ format: 1, image: { name: 'small', version: '1.0', architecture: 'x86_64' } },
    ...{ base: [], extra: [], tools: toolLock, npm: [], toolchain: [], node: '24', kernel: '1' },
  };
  await writeFile(path.join(directory, `${baseName}.lock.json`), JSON.stringify(lock));
  await signSums(directory, [`${baseName}.raw`, `${baseName}.lock.json`], {}, signer);
  return { directory, file, partitions: layout.partitions };
}

/** The offset on the disk of the first place where `bytes` lie in a partition. */
export async function findInPartition(image: SmallImage, name: string, bytes: Uint8Array): Promise<number> {
  const partition = image.partitions.find((candidate) => candidate.name === name)!;
  const disk = await readFile(image.file);
  const at = disk.indexOf(bytes, partition.firstLba * 512);
  if (at < 0 || at >= (partition.firstLba + partition.sectors) * 512) throw new Error(`it is not in ${name}`);
  return at;
}
