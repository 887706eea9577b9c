/**
 * Whether KVM works here. That /dev/kvm opens says little: under some hypervisors a machine dies in its first
 * instructions. So one is started, and must be seen to run the firmware to the end that our machines start with: an old BIOS
 * may get through where UEFI does not.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { type Board, boardOf } from './board.ts';

export type Accelerator = 'kvm' | 'tcg';

/** KVM runs only what the host's own processor could. */
export function accelerates(board: Board, accelerator: Accelerator): Accelerator {
  return process.arch === board.hostArchitecture ? accelerator : 'tcg';
}

const probeLimitMilliseconds = 10_000;

/** What UEFI prints when it has looked at every device. */
const firmwareIsDone = /BdsDxe: (starting|failed|No bootable)/;
/** What QEMU says when the processor could not go on; the machine stands still then. */
const processorFailed = /KVM internal error|emulation failure/;

let known: Promise<Accelerator> | undefined;

/** `kvm` when a machine truly runs under it, otherwise `tcg`, QEMU's own translation. Found out once a process. */
export function detectAccelerator(): Promise<Accelerator> {
  known ??= mayUseKvm() ? probe() : Promise.resolve('tcg');
  return known;
}

function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function probe(): Promise<Accelerator> {
  const { program, firmwareCode } = boardOf('x86_64');
  const child = spawn(
    program,
    [
      ...['-accel', 'kvm', '-cpu', 'max', '-M', 'q35', '-m', '128', '-nodefaults', '-no-user-config'],
      ...['-display', 'none', '-serial', 'stdio'],
      ...['-drive', `if=pflash,format=raw,readonly=on,file=${firmwareCode}`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return new Promise((resolve) => {
    const decide = (accelerator: Accelerator): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(accelerator);
    };
    const timer = setTimeout(() => decide('tcg'), probeLimitMilliseconds);
    let said = '';
    const hear = (text: string): void => {
      said += text;
      if (processorFailed.test(said)) decide('tcg');
      else if (firmwareIsDone.test(said)) decide('kvm');
    };
    child.stdout.setEncoding('utf8').on('data', hear);
    child.stderr.setEncoding('utf8').on('data', hear);
    child.on('error', () => decide('tcg'));
    child.on('exit', () => decide('tcg'));
  });
}
