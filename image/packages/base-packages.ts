/** The Debian packages every image starts from. What of their content goes in is in `root/contents.txt`. */
import type { Architecture } from '../architecture.ts';
import type { KernelFlavour, Target } from '../targets.ts';

export function basePackages(
  architecture: Architecture,
  target: Target,
  flavour: KernelFlavour,
): readonly string[] {
  return [
    ...['base-files', 'libc6'],
    ...['systemd', 'systemd-sysv', 'udev', 'systemd-repart', 'systemd-resolved', 'systemd-timesyncd'],
    ...['kmod', 'mount', 'e2fsprogs'],
    // The initrd's.
    ...['busybox-static', 'dmsetup'],
    architecture.kernelPackages[flavour],
    ...target.bootPackages,
  ];
}
