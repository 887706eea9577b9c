/**
 * Whether KVM works here. That /dev/kvm opens says little: under some hypervisors a machine dies in its first
 * instructions. So one is started, and must be seen to run its firmware to the end.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { type Board, boardOf } from './board.ts';

export type Accelerator = 'kvm' | 'tcg';

/** KVM runs only what the host's own processor could. */
export function accelerates(board: Board, accelerator: Accelerator): Accelerator {
  return process.arch === board.hostArchitecture ? accelerator : 'tcg';
}

const probeLimitMilliseconds = 5_000;

/** What the firmware prints on its debug port when it has looked at every device. */
const firmwareIsDone = /No bootable device/;

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
  const child = spawn(
    boardOf('x86_64').program,
    [
      ...['-accel', 'kvm', '-cpu', 'max', '-M', 'q35', '-m', '64', '-nodefaults', '-no-user-config'],
      ...['-display', 'none', '-chardev', 'stdio,id=debug,signal=off'],
      ...['-device', 'isa-debugcon,iobase=0x402,chardev=debug'],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  return new Promise((resolve) => {
    const decide = (accelerator: Accelerator): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(accelerator);
    };
    const timer = setTimeout(() => decide('tcg'), probeLimitMilliseconds);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (firmwareIsDone.test(said)) decide('kvm');
    });
    child.on('error', () => decide('tcg'));
    child.on('exit', () => decide('tcg'));
  });
}
