/** QEMU's command line as a pure function of what the machine is. */
import type { Accelerator } from './accelerator.ts';

/** Descriptors that QEMU inherits: its control channel and the agent's console. */
export const controlDescriptor = 3;
export const adminDescriptor = 4;

export type BootWay =
  /** As on a real machine: firmware, boot loader, kernel image. */
  | { readonly kind: 'firmware'; readonly codeFile: string; readonly variablesFile: string }
  /** QEMU loads the kernel itself: quicker, and skips boot loader and boot counting. */
  | {
      readonly kind: 'direct';
      readonly kernelFile: string;
      readonly initrdFile: string;
      readonly commandLine: string;
    };

export interface QemuOptions {
  readonly name: string;
  readonly accelerator: Accelerator;
  readonly memoryMebibytes: number;
  readonly diskFile: string;
  readonly boot: BootWay;
  /** The switch's socket; without one the machine has no network card. */
  readonly networkSocket: string | null;
  readonly macAddress: string;
}

export function qemuArguments(options: QemuOptions): string[] {
  const accelerator = options.accelerator === 'kvm' ? 'kvm' : 'tcg,thread=multi,tb-size=128';
  return [
    ...['-name', options.name, '-M', 'q35,hpet=off', '-cpu', 'max', '-accel', accelerator],
    ...['-smp', '1', '-m', String(options.memoryMebibytes), '-rtc', 'base=utc'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-device', 'virtio-rng-pci'],
    ...bootArguments(options.boot),
    // What the guest has flushed must survive the end of this process, as a disk survives a power cut; "unsafe" would
    // keep the overlay's own tables in memory.
    ...['-drive', `if=none,id=disk,format=qcow2,cache=writeback,file=${escapeValue(options.diskFile)}`],
    ...['-device', 'virtio-blk-pci,drive=disk,bootindex=1'],
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
  const flash = (unit: number, file: string, more: string): string =>
    `if=pflash,unit=${unit},format=raw${more},file=${escapeValue(file)}`;
  return [
    ...['-drive', flash(0, boot.codeFile, ',readonly=on')],
    ...['-drive', flash(1, boot.variablesFile, '')],
  ];
}

function networkArguments({ networkSocket, macAddress }: QemuOptions): string[] {
  if (networkSocket === null) return [];
  return [
    ...['-netdev', `stream,id=net,server=off,addr.type=unix,addr.path=${escapeValue(networkSocket)}`],
    // Without its boot ROM, so that firmware does not try to boot from the network.
    ...['-device', `virtio-net-pci,netdev=net,mac=${macAddress},romfile=`],
  ];
}

/** Commas separate QEMU's options; in a value they are doubled. */
function escapeValue(value: string): string {
  return value.replaceAll(',', ',,');
}

/** The command as a person could paste it into a shell, but for the inherited descriptors. */
export function formatCommand(program: string, programArguments: readonly string[]): string {
  return [program, ...programArguments]
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
