/**
 * What a boot partition for UEFI holds beside the kernel images: systemd-boot under both of its names, its settings, and
 * the keys that firmware in setup mode may take.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { enrolmentNames } from '../signing/enrolment.ts';
import type { Signer } from '../signing/signer.ts';
import type { BootFile } from './boot-file.ts';

/**
 * Boots the best entry at once; space shows the menu. Nobody may change a command line there. A virtual machine whose
 * firmware is in setup mode takes the keys by itself; on hardware, where keys of others may be needed to start at all,
 * a person chooses the menu's entry for it.
 */
const loaderConfiguration = 'timeout 0\neditor no\nsecure-boot-enroll if-safe\n';

/** @param signer signs the boot loader, and says which keys may be taken. */
export async function uefiFiles(
  packageTree: string,
  architecture: Architecture,
  signer: Pick<Signer, 'signProgram' | 'enrolment'>,
): Promise<readonly BootFile[]> {
  const { bootLoader, removableMediaPath } = architecture;
  const program = await readFile(path.join(packageTree, 'usr/lib/systemd/boot/efi', bootLoader));
  const content = signer.signProgram(bootLoader, program);
  return [
    { target: removableMediaPath, content },
    { target: `EFI/systemd/${bootLoader}`, content },
    { target: 'loader/loader.conf', content: loaderConfiguration },
    ...keyFiles(signer),
  ];
}

/** Where systemd-boot looks for keys; `inspect` and `verify` do too, also where there is no systemd-boot. */
export function keyFiles({ enrolment }: Pick<Signer, 'enrolment'>): readonly BootFile[] {
  return enrolmentNames.map((name) => ({
    target: `loader/keys/auto/${name}.auth`,
    content: enrolment[name],
  }));
}
