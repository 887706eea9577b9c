/** What a boot partition for UEFI holds beside the kernel images: systemd-boot under both of its names, and its settings. */
import path from 'node:path';
import type { Architecture } from '../architecture.ts';
import type { BootFile } from './boot-file.ts';

/** Boots the best entry at once; space shows the menu. Nobody may change a command line there. */
const loaderConfiguration = 'timeout 0\neditor no\n';

export function uefiFiles(packageTree: string, architecture: Architecture): readonly BootFile[] {
  const source = path.join(packageTree, 'usr/lib/systemd/boot/efi', architecture.bootLoader);
  return [
    { target: architecture.removableMediaPath, source },
    { target: `EFI/systemd/${architecture.bootLoader}`, source },
    { target: 'loader/loader.conf', content: loaderConfiguration },
  ];
}
