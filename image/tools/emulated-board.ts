/**
 * u-boot for QEMU's `virt` board, from the same Debian release as the u-boot of the images: it runs the script of a
 * Raspberry Pi's image where no such board can be emulated.
 */
import path from 'node:path';
import type { Cache } from '../cache/cache.ts';
import { openApt, updateLists } from '../packages/apt.ts';
import { fetchPackages } from '../packages/fetch.ts';
import { resolvePackages } from '../packages/resolve.ts';
import { unpackPackages } from '../packages/unpack.ts';
import { hostArchitecture } from './tools.ts';

const packageName = 'u-boot-qemu';

/** The file for QEMU's `-bios`, fetched when the cache lacks it. */
export async function provideEmulatedUBoot(cache: Cache): Promise<string> {
  const apt = await openApt(cache, hostArchitecture.debian);
  await updateLists(apt, false);
  const all = await resolvePackages(apt, cache, [packageName]);
  const packages = all.filter((item) => item.name === packageName);
  await fetchPackages(cache, packages, { offline: false, apt: async () => apt });
  return path.join(await unpackPackages(cache, packages), 'usr/lib/u-boot/qemu_arm64/u-boot.bin');
}
