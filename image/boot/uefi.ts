/**
 * What a boot partition for UEFI holds beside the kernel images: systemd-boot under both of its names, its settings, and
 * the keys that firmware in setup mode may take.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import { slotNames } from '../plan/plan.ts';
import { enrolmentNames } from '../signing/enrolment.ts';
import type { Signer } from '../signing/signer.ts';
import type { BootFile } from './boot-file.ts';

/**
 * Boots the best entry at once; space shows the menu. Nobody may change a command line there. A virtual machine whose
 * firmware is in setup mode takes the keys by itself; on hardware, where keys of others may be needed to start at all,
 * a person chooses the menu's entry for it.
 */
const loaderConfiguration = 'timeout 0\neditor no\nsecure-boot-enroll if-safe\ndefault trivet-*.efi\n';

/**
 * An entry of the boot menu for each slot that starts its kernel image as it is: by the entry's name, which systemd-boot
 * leaves in a variable, the initrd knows that a factory reset is wanted. (A second profile of the kernel image would be
 * what is meant for this, but systemd-boot 257 confuses the profiles of images that are on trial.) They are never chosen
 * by themselves: `default` names the kernel images, and those of a slot without one are not shown.
 */
function resetEntries(): readonly BootFile[] {
  return slotNames.map((slot) => ({
    target: `loader/entries/factory-reset-${slot}.conf`,
    content: `title Factory reset (slot ${slot})\nsort-key zz-factory-reset\nefi /EFI/Linux/trivet-${slot}.efi\n`,
  }));
}

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
    ...resetEntries(),
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
