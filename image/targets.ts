/**
 * What differs from one place where images run to another, in one table. Stages take a `Target` and look here; none of
 * them compares target names. Which kernel modules a target has stands in `root/modules.txt`.
 */
import type { Architecture, ArchitectureName } from './architecture.ts';

export interface Target {
  readonly name: TargetName;
  readonly architectures: readonly ArchitectureName[];
  /** Who starts the kernel image and counts tries. */
  readonly bootChain: BootChain;
  readonly kernelFlavour: KernelFlavour;
  /** Debian's archive areas beside main. */
  readonly components: readonly string[];
  /** Whether a recipe may name Wi-Fi networks. */
  readonly hasWifi: boolean;
  /** Whether its machines may have a TPM, to which a recipe can bind the data partition. */
  readonly hasTpm: boolean;
  /** Debian packages that only the boot partition needs. */
  readonly bootPackages: readonly string[];
  /** The partition type of the boot partition: the ESP's, or the one that the Raspberry Pi's firmware looks for. */
  readonly bootPartitionType: string;
  /** The kernel's consoles; the last is /dev/console. */
  consoles(architecture: Architecture): readonly string[];
  /** In mebibytes, where the recipe says nothing. The boot partition must hold three kernel images. */
  defaultSizes(architecture: Architecture): { readonly esp: number; readonly slot: number };
}

export type TargetName = 'cloud' | 'generic' | 'raspberry-pi';
export type BootChain = 'systemd-boot' | 'u-boot';
/** `cloud` is Debian's small kernel for virtual machines, `full` has every driver. */
export type KernelFlavour = 'cloud' | 'full';

const efiSystemPartition = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';
const basicData = 'ebd0a0a2-b9e5-4433-87c0-68b6b72699c7';

const table: Readonly<Record<TargetName, Target>> = {
  cloud: {
    name: 'cloud',
    architectures: ['x86_64', 'arm64'],
    bootChain: 'systemd-boot',
    kernelFlavour: 'cloud',
    components: [],
    hasWifi: false,
    hasTpm: true,
    bootPackages: ['systemd-boot-efi'],
    bootPartitionType: efiSystemPartition,
    consoles: (architecture) => ['tty0', architecture.console],
    // The kernel for arm64 is not compressed.
    defaultSizes: (architecture) => ({ esp: architecture.name === 'arm64' ? 128 : 96, slot: 192 }),
  },
  generic: {
    name: 'generic',
    architectures: ['x86_64', 'arm64'],
    bootChain: 'systemd-boot',
    kernelFlavour: 'full',
    components: [],
    hasWifi: false,
    hasTpm: true,
    bootPackages: ['systemd-boot-efi'],
    bootPartitionType: efiSystemPartition,
    consoles: (architecture) => [architecture.console, 'tty0'],
    defaultSizes: (architecture) => ({ esp: architecture.name === 'arm64' ? 160 : 96, slot: 256 }),
  },
  'raspberry-pi': {
    name: 'raspberry-pi',
    architectures: ['arm64'],
    bootChain: 'u-boot',
    kernelFlavour: 'full',
    components: ['non-free-firmware'],
    hasWifi: true,
    hasTpm: false,
    bootPackages: ['systemd-boot-efi', 'raspi-firmware', 'u-boot-rpi'],
    // The ESP's type was refused by some of the Raspberry Pi 4's boot ROMs.
    bootPartitionType: basicData,
    // Without a device tree's word for it Linux would call the serial port ttyS1 on one board and ttyAMA0 on the other.
    consoles: () => ['ttyS1,115200', 'ttyAMA0,115200', 'tty0'],
    defaultSizes: () => ({ esp: 192, slot: 256 }),
  },
};

export const targetNames = Object.keys(table) as readonly TargetName[];

export function targetOf(name: TargetName): Target {
  return table[name];
}
