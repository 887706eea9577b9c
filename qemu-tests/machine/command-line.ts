/** QEMU's command line as a pure function of what the machine is. */
import type { Accelerator } from './accelerator.ts';
import type { Board } from './board.ts';

/** Where a device listens for peers and operators. */
const defaultPeerPort = 7443;

/** Descriptors that QEMU inherits: its control channel and the agent's console. */
export const controlDescriptor = 3;
export const adminDescriptor = 4;

export type BootWay =
  /** As on a real machine: firmware, boot loader, kernel image. */
  | {
      readonly kind: 'firmware';
      readonly codeFile: string;
      readonly variablesFile: string;
      /** Only the firmware, in system management mode, may write its variables: what its Secure Boot asks for. */
      readonly protectsVariables?: boolean;
    }
  /** u-boot in place of firmware, as on a Raspberry Pi. */
  | { readonly kind: 'u-boot'; readonly file: string }
  /** QEMU loads the kernel itself: quicker, and skips boot loader and boot counting. */
  | {
      readonly kind: 'direct';
      readonly kernelFile: string;
      readonly initrdFile: string;
      readonly commandLine: string;
    };

export interface QemuOptions {
  readonly name: string;
  readonly board: Pick<Board, 'machine' | 'processor' | 'tpmDevice'>;
  readonly accelerator: Accelerator;
  readonly memoryMebibytes: number;
  readonly diskFile: string;
  /** Where every write and flush of the guest is recorded; the disk itself is thrown away then. */
  readonly writeLogFile: string | null;
  /** Raw disks beside it, in this order. */
  readonly extraDiskFiles?: readonly string[];
  /** What the disk is to the machine; a virtio disk when left out. A card's size must be a power of two. */
  readonly diskBus?: 'virtio' | 'sd-card';
  readonly boot: BootWay;
  /** QEMU ends where the machine would start again. */
  readonly endsAtRestart?: boolean;
  /** The switch's socket; without one the machine has no network card. */
  readonly networkSocket: string | null;
  /** In place of a switch: a network of its own inside QEMU, which gives an address by DHCP and leads nowhere. */
  readonly ownNetwork?: boolean;
  /** With a network of its own: this port of the host's loopback leads to the machine's peer port. */
  readonly forwardedPort?: number;
  readonly macAddress: string;
  /** What the machine's clock begins with, in UTC: `2026-01-01T00:00:00`; the true time when left out. */
  readonly clock?: string;
  /** Strings of the firmware's table (SMBIOS type 11), such as `io.systemd.credential:NAME=VALUE`. */
  readonly firmwareStrings?: readonly string[];
  /** Where its TPM listens; without one it has none. */
  readonly tpmSocket?: string | null;
}

/** The recording driver adds a part to each request, and merged ones may have as many parts as there can be. */
const unmerged = ',request-merging=off';

export function qemuArguments(options: QemuOptions): string[] {
  const accelerator = options.accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=128';
  return [
    ...['-name', options.name, '-M', `${options.board.machine}${isProtected(options.boot) ? ',smm=on' : ''}`],
    ...['-accel', accelerator, '-cpu', options.accelerator === 'kvm' ? 'max' : options.board.processor],
    ...['-smp', '1', '-m', String(options.memoryMebibytes), '-rtc', `base=${options.clock ?? 'utc'}`],
    ...(options.firmwareStrings ?? []).flatMap((text) => ['-smbios', `type=11,value=${escapeValue(text)}`]),
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-device', 'virtio-rng-pci'],
    // A machine that hangs is restarted by it, where the kernel has its driver.
    ...['-device', 'i6300esb', '-action', 'watchdog=reset'],
    ...(options.endsAtRestart ? ['-action', 'reboot=shutdown'] : []),
    ...bootArguments(options.boot),
    ...tpmArguments(options),
    ...diskArguments(options),
    ...diskDevice(options),
    ...extraDiskArguments(options.extraDiskFiles ?? []),
    ...networkArguments(options),
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-chardev', `socket,id=control,fd=${controlDescriptor}`, '-mon', 'chardev=control,mode=control'],
    ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=admin,fd=${adminDescriptor}`],
    ...['-device', 'virtconsole,chardev=admin'],
  ];
}

function bootArguments(boot: BootWay): string[] {
  if (boot.kind === 'direct') {
    return ['-kernel', boot.kernelFile, '-initrd', boot.initrdFile, '-append', boot.commandLine];
  }
  if (boot.kind === 'u-boot') return ['-bios', boot.file];
  const flash = (unit: number, file: string, more: string): string =>
    `if=pflash,unit=${unit},format=raw${more},file=${escapeValue(file)}`;
  return [
    ...['-drive', flash(0, boot.codeFile, ',readonly=on')],
    ...['-drive', flash(1, boot.variablesFile, '')],
    ...(isProtected(boot) ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
  ];
}

function tpmArguments({ tpmSocket, board }: QemuOptions): string[] {
  if (!tpmSocket) return [];
  return [
    ...['-chardev', `socket,id=tpm-process,path=${escapeValue(tpmSocket)}`],
    ...['-tpmdev', 'emulator,id=tpm,chardev=tpm-process', '-device', `${board.tpmDevice},tpmdev=tpm`],
  ];
}

function isProtected(boot: BootWay): boolean {
  return boot.kind === 'firmware' && boot.protectsVariables === true;
}

function diskArguments({ diskFile, writeLogFile }: QemuOptions): string[] {
  if (writeLogFile === null) {
    // What the guest has flushed must survive the end of this process, as a disk survives a power cut; "unsafe" would
    // keep the overlay's own tables in memory.
    return ['-drive', `if=none,id=disk,format=qcow2,cache=writeback,file=${escapeValue(diskFile)}`];
  }
  // Only the log counts, and it survives the end of this process in the host's memory.
  const file = (name: string): string => `driver=file,cache.no-flush=on,filename=${escapeValue(name)}`;
  return [
    ...['-blockdev', `node-name=overlay-file,${file(diskFile)}`],
    ...['-blockdev', 'node-name=overlay,driver=qcow2,cache.no-flush=on,file=overlay-file'],
    ...['-blockdev', `node-name=writes,${file(writeLogFile)}`],
    ...['-blockdev', 'node-name=disk,driver=blklogwrites,file=overlay,log=writes'],
  ];
}

function diskDevice({ diskBus, writeLogFile }: QemuOptions): string[] {
  if (diskBus === 'sd-card') return ['-device', 'sdhci-pci', '-device', 'sd-card,drive=disk'];
  return ['-device', `virtio-blk-pci,drive=disk,bootindex=1${writeLogFile === null ? '' : unmerged}`];
}

function extraDiskArguments(files: readonly string[]): string[] {
  return files.flatMap((file, index) => [
    ...['-drive', `if=none,id=extra${index},format=raw,cache=writeback,file=${escapeValue(file)}`],
    ...['-device', `virtio-blk-pci,drive=extra${index}`],
  ]);
}

function networkArguments({ networkSocket, ownNetwork, forwardedPort, macAddress }: QemuOptions): string[] {
  if (networkSocket === null && !ownNetwork) return [];
  const forwarded =
    forwardedPort === undefined ? '' : `,hostfwd=tcp:127.0.0.1:${forwardedPort}-:${defaultPeerPort}`;
  const backend =
    networkSocket === null
      ? `user,id=net,restrict=on${forwarded}`
      : `stream,id=net,server=off,addr.type=unix,addr.path=${escapeValue(networkSocket)}`;
  return [
    ...['-netdev', backend],
    // Without its boot ROM, so that firmware does not try to boot from the network.
    ...['-device', `virtio-net-pci,netdev=net,mac=${macAddress},romfile=`],
  ];
}

/** Commas separate QEMU's options; in a value they are doubled. */
export function escapeValue(value: string): string {
  return value.replaceAll(',', ',,');
}

/** The command as a person could paste it into a shell, but for the inherited descriptors. */
export function formatCommand(program: string, programArguments: readonly string[]): string {
  return [program, ...programArguments]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
