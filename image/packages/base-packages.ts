/** The Debian packages every image starts from. What of their content goes in is in `root/contents.txt`. */
import type { Architecture } from '../architecture.ts';

export function basePackages(architecture: Architecture): readonly string[] {
  return [
    ...['base-files', 'libc6'],
    ...['systemd', 'systemd-sysv', 'udev', 'systemd-repart', 'systemd-boot-efi'],
    ...['kmod', 'mount', 'e2fsprogs'],
    // The initrd's.
    ...['busybox-static', 'dmsetup'],
    architecture.cloudKernelPackage,
  ];
}
