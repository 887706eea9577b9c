/** The boards that QEMU emulates for us, one for each architecture, in one table. */
import type { ArchitectureName } from '../../image/architecture.ts';

export interface Board {
  readonly program: string;
  /** The Debian packages that the program and its UEFI firmware are in. */
  readonly debianPackage: string;
  readonly firmwarePackage: string;
  readonly firmwareCode: string;
  readonly firmwareVariables: string;
  readonly machine: string;
  /** With translation. Under KVM it is what the host has. */
  readonly processor: string;
  /** QEMU's name of its kind of TPM. */
  readonly tpmDevice: string;
  /** The architecture of hosts whose KVM can run it, as Node names it. */
  readonly hostArchitecture: NodeJS.Architecture;
}

const boards: Readonly<Record<ArchitectureName, Board>> = {
  x86_64: {
    program: 'qemu-system-x86_64',
    debianPackage: 'qemu-system-x86',
    firmwarePackage: 'ovmf',
    firmwareCode: '/usr/share/OVMF/OVMF_CODE_4M.fd',
    firmwareVariables: '/usr/share/OVMF/OVMF_VARS_4M.fd',
    machine: 'q35,hpet=off',
    processor: 'max',
    tpmDevice: 'tpm-crb',
    hostArchitecture: 'x64',
  },
  arm64: {
    program: 'qemu-system-aarch64',
    debianPackage: 'qemu-system-arm',
    firmwarePackage: 'qemu-efi-aarch64',
    firmwareCode: '/usr/share/AAVMF/AAVMF_CODE.fd',
    firmwareVariables: '/usr/share/AAVMF/AAVMF_VARS.fd',
    machine: 'virt,gic-version=max',
    // The Raspberry Pi 4's. QEMU's "max" spends much of its time on signing pointers.
    processor: 'cortex-a72',
    tpmDevice: 'tpm-tis-device',
    hostArchitecture: 'arm64',
  },
};

export function boardOf(architecture: ArchitectureName): Board {
  return boards[architecture];
}
