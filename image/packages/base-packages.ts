/**
 * The Debian packages every image starts from. What of their content goes in is in `root/contents.txt`, and
 * for encrypted data in `root/encrypted-data/contents.txt`.
 */
import type { Architecture } from '../architecture.ts';
import type { KernelFlavour, Target } from '../targets.ts';

export function basePackages(
  architecture: Architecture,
  target: Target,
  flavour: KernelFlavour,
  encryptsData = false,
): readonly string[] {
  return [
    ...['base-files', 'libc6'],
    ...['systemd', 'systemd-sysv', 'udev', 'systemd-repart', 'systemd-resolved', 'systemd-timesyncd'],
    ...['kmod', 'mount', 'e2fsprogs'],
    // The initrd's.
    ...['busybox-static', 'dmsetup'],
    architecture.kernelPackages[flavour],
    ...target.bootPackages,
    ...(encryptsData ? encryptionPackages : []),
  ];
}

/** Systemd opens the TPM's libraries at run time, so that no package names them. */
const encryptionPackages = [
  ...['systemd-cryptsetup', 'libtss2-esys-3.0.2-0t64', 'libtss2-mu-4.0.1-0t64', 'libtss2-rc0t64'],
  'libtss2-tcti-device0t64',
];
