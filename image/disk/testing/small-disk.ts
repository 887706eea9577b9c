/** Small disks as a build makes them, and sparse files with something in them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { architectureOf } from '../../architecture.ts';
import { targetOf } from '../../targets.ts';
import { writeBlockMap } from '../block-map.ts';
import { layOutDisk } from '../partitions.ts';
import { writeDisk } from '../write-disk.ts';

const mebibyte = 2 ** 20;

/** Ends well or throws with what the program said. */
export function runForeign(program: string, ...words: string[]): string {
  // Where Debian has what makes file systems, and users do not look.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  return execFileSync(program, words, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A sparse file of that size with something here and there. */
export function sparseFile(file: string, size: number, patches: readonly Patch[]): void {
  const descriptor = openSync(file, 'w');
  ftruncateSync(descriptor, size);
  for (const { at, bytes } of patches) writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

/** Bytes that no compressor makes smaller, the same in every run. */
export function noise(size: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(size / 32) }, (_, index) =>
    createHash('sha256').update(`${seed} ${index}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

/** A small disk as a build makes it: a boot partition of FAT, a root with zeros in it and at its end. */
export async function smallDisk(directory: string): Promise<{ raw: string; map: string }> {
  const at = (name: string): string => path.join(directory, name);
  sparseFile(at('esp.fat'), 34 * mebibyte, []);
  runForeign('mkfs.fat', '--invariant', '-F', '32', '-s', '1', at('esp.fat'));
  writeFileSync(at('kernel'), Buffer.concat([noise(50_000, 'kernel'), Buffer.alloc(100_000)]));
  runForeign('mcopy', '-i', at('esp.fat'), at('kernel'), '::KERNEL.EFI');
  sparseFile(at('root'), 3 * mebibyte, [{ at: mebibyte, bytes: noise(40_000, 'root') }]);
  writeFileSync(at('hashes'), noise(20_480, 'hashes'));
  const layout = layOutDisk({
    ...{
      architecture: architectureOf('x86_64'),
      target: targetOf('cloud'),
      espBytes: 34 * mebibyte,
      slotBytes: 8 * mebibyte,
      verityBytes: mebibyte,
    },
    root: { rootHash: '0123456789abcdef'.repeat(4), dataBytes: 3 * mebibyte, hashBytes: 20_480 },
  });
  const contents = { esp: at('esp.fat'), 'root-a': at('root'), 'verity-a': at('hashes') };
  const [raw, map] = [at('disk.raw'), at('disk.raw.bmap')];
  await writeDisk(raw, layout, contents);
  await writeBlockMap(map, raw, layout, contents);
  return { raw, map };
}
