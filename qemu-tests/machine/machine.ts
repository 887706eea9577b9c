/**
 * One virtual machine and its power button: a QEMU process, the disk it keeps from one power-on to the next, its console
 * in a file and the way to the agent inside.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Duplex, Readable } from 'node:stream';
import { openCache } from '../../image/cache/cache.ts';
import { provideEmulatedUBoot } from '../../image/tools/emulated-board.ts';
import { connectAdmin } from '../../runtime/admin/client.ts';
import { accelerates, detectAccelerator } from './accelerator.ts';
import { AdminRelay } from './admin-relay.ts';
import { type Board, boardOf } from './board.ts';
import {
  adminDescriptor,
  type BootWay,
  controlDescriptor,
  formatCommand,
  qemuArguments,
} from './command-line.ts';
import { ConsoleLog } from './console-log.ts';
import { createOverlay } from './disk.ts';
import type { BootImage } from './image.ts';
import { MachineError } from './machine-error.ts';
import { requirePrograms } from './programs.ts';
import { QmpClient } from './qmp.ts';
import { startTpm, type Tpm } from './tpm.ts';

export interface MachineOptions {
  /** Also the name of its files. */
  readonly name: string;
  /** Where its disk, console and sockets go. */
  readonly directory: string;
  readonly image: BootImage;
  readonly memoryMebibytes: number;
  readonly diskBytes: number;
  /** Its disk begins as a copy of this one, of a machine of the same image that is off. */
  readonly copyOfDisk?: string;
  /** Let QEMU load the kernel, without firmware and boot loader. */
  readonly direct: boolean;
  readonly networkSocket: string | null;
  readonly macAddress: string;
  /** Record every write and flush in `writeLogFile`; what the machine wrote is not there at its next power-on. */
  readonly recordsWrites?: boolean;
  /** What the firmware remembers at its first start; empty variables when left out. */
  readonly firmwareVariablesFile?: string;
  /** It is switched off where it would restart, so that its disk can be looked at; `untilRestart` waits for it. */
  readonly endsAtRestart?: boolean;
  /** Raw disks that are plugged in beside its own. */
  readonly extraDiskFiles?: readonly string[];
  /** What its disk is to it: a virtio disk, or a card, whose size must be a power of two. */
  readonly diskBus?: 'virtio' | 'sd-card';
  /** Strings of the firmware's table (SMBIOS type 11), such as `io.systemd.credential:NAME=VALUE`. */
  readonly firmwareStrings?: readonly string[];
  /** Without a switch: a network inside QEMU that gives an address and leads nowhere. */
  readonly ownNetwork?: boolean;
  /** With it: this port of the host's loopback leads to the machine's peer port. */
  readonly forwardedPort?: number;
  /**
   * Firmware with Secure Boot. Its variables are a copy of this file; null: firmware without keys, in setup mode, that
   * takes those it is given.
   */
  readonly secureBoot?: { readonly variablesFile: string | null };
  /** It has a TPM, whose memory is kept there; an empty directory is a new one. */
  readonly tpmDirectory?: string;
}

/** What may differ from one power-on to the next. */
export interface PowerOnOptions {
  /** Another network card than before. */
  readonly macAddress?: string;
  /** What the clock begins with, in UTC: `1970-01-01T00:00:00`. */
  readonly clock?: string;
  /** Raw disks that are plugged in beside its own. */
  readonly extraDiskFiles?: readonly string[];
  /** Another TPM than before. */
  readonly tpmDirectory?: string;
}

const secureFirmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd';
const powerOffLimitMilliseconds = 120_000;
const consoleTailLines = 40;

interface Running {
  readonly process: ChildProcess;
  readonly control: QmpClient;
  readonly ended: Promise<void>;
}

export class Machine {
  readonly name: string;
  readonly console: ConsoleLog;
  readonly #options: MachineOptions;
  readonly #relay: AdminRelay;
  readonly #board: Board;
  /** What stands in for the board's firmware; null where that is UEFI. */
  #uBoot: string | null = null;
  #command = '';
  #running: Running | null = null;
  /** Why the process may end; an end for no reason is a crash. */
  #expectedEnd: string | null = null;

  private constructor(options: MachineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#board = boardOf(options.image.architecture);
    this.console = new ConsoleLog(path.join(options.directory, `${options.name}.console`));
    this.#relay = new AdminRelay(path.join(options.directory, `${options.name}.sock`));
  }

  /** Makes a machine with an empty disk, switched off. Rejects with `MachineError`. */
  static async create(options: MachineOptions): Promise<Machine> {
    requirePrograms(boardOf(options.image.architecture), options.tpmDirectory !== undefined);
    if (options.direct && options.image.direct === null) {
      throw new MachineError(
        'badImage',
        `${options.image.file} cannot be booted directly: there is no build.json beside it that names kernel, initrd and command line.`,
      );
    }
    const machine = new Machine(options);
    try {
      await machine.#relay.listen();
      if (options.copyOfDisk !== undefined) copyFileSync(options.copyOfDisk, machine.#file('qcow2'));
      else {
        await createOverlay({
          imageFile: options.image.file,
          overlayFile: machine.#file('qcow2'),
          sizeBytes: Math.max(options.diskBytes, options.image.sizeBytes),
        });
      }
      if (options.recordsWrites) writeFileSync(machine.writeLogFile, '');
      if (!options.direct) await machine.#provideFirmware();
    } catch (error) {
      await machine.close();
      throw error;
    }
    return machine;
  }

  /** The disk, in QEMU's own format; not to be touched while the machine runs. */
  get diskFile(): string {
    return this.#file('qcow2');
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get writeLogFile(): string {
    return this.#file('writes');
  }

  /** What the firmware keeps, Secure Boot's keys among it. */
  get firmwareVariablesFile(): string {
    return this.#file('vars');
  }

  /** Where `trivet status --socket` and the like reach the agent. */
  get adminSocket(): string {
    return this.#relay.socketPath;
  }

  /** It was switched on and ended without being switched off or cut: a crash, or QEMU refused its arguments. */
  get hasCrashed(): boolean {
    return this.#running === null && this.#command !== '' && this.#expectedEnd === null;
  }

  /** Resolves when QEMU runs the machine; it has not booted then. Rejects with `MachineError`. */
  async powerOn(options: PowerOnOptions = {}): Promise<void> {
    if (this.#running) return;
    const tpmDirectory = options.tpmDirectory ?? this.#options.tpmDirectory;
    const tpm = tpmDirectory === undefined ? null : await startTpm(tpmDirectory, this.#file('tpm'));
    const qemu = qemuArguments({
      ...this.#options,
      ...options,
      board: this.#board,
      accelerator: accelerates(this.#board, await detectAccelerator()),
      diskFile: this.#file('qcow2'),
      boot: this.#bootWay(),
      writeLogFile: this.#options.recordsWrites ? this.writeLogFile : null,
      tpmSocket: tpm?.socket ?? null,
    });
    this.#command = formatCommand(this.#board.program, qemu);
    this.#expectedEnd = null;
    this.console.powerOn();
    const running = this.#spawn(qemu, tpm);
    this.#running = running;
    try {
      await running.control.ready();
    } catch (cause) {
      await this.cutPower();
      throw new MachineError('startFailed', `${this.name} did not start.\n${this.report()}`, { cause });
    }
  }

  /** Pulls the plug: the process is killed, and what the guest had not flushed is lost. */
  async cutPower(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#expectedEnd ??= 'power cut';
    running.process.kill('SIGKILL');
    await running.ended;
  }

  /** Presses the power button and waits until the machine has shut down. Rejects with `MachineError`. */
  async powerOff(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#expectedEnd = 'power off';
    await running.control.execute('system_powerdown');
    const timeout = new MachineError('timeout', `${this.name} did not shut down.\n`);
    await withLimit(running.ended, powerOffLimitMilliseconds, () => {
      this.#expectedEnd = null;
      timeout.message += this.report();
      return timeout;
    });
  }

  /** Waits until a machine with `endsAtRestart` has asked for a restart, and is off. Rejects with `MachineError`. */
  async untilRestart(limitMilliseconds: number): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#expectedEnd = 'restart';
    await withLimit(running.ended, limitMilliseconds, () => {
      this.#expectedEnd = null;
      return new MachineError('timeout', `${this.name} did not restart.\n${this.report()}`);
    });
  }

  /** Presses a key of the keyboard, by QEMU's name for it: `spc`, `down`, `ret`. */
  async pressKey(name: string): Promise<void> {
    await this.#running?.control.execute('send-key', { keys: [{ type: 'qcode', data: name }] });
  }

  /** Presses the reset button. */
  async reset(): Promise<void> {
    await this.#running?.control.execute('system_reset');
  }

  /** Asks the agent; rejects with `AdminError`, also while the agent has not started. */
  async request(
    method: string,
    params: Record<string, unknown> = {},
    timeoutMilliseconds = 10_000,
  ): Promise<unknown> {
    const client = await connectAdmin(this.adminSocket);
    try {
      return await client.request(method, params, { timeoutMilliseconds });
    } finally {
      client.close();
    }
  }

  /** The command line and the end of the console: what a person needs to understand a failure. */
  report(): string {
    const state = this.#running ? 'running' : 'off';
    return [
      `machine ${this.name} (${state}); whole console: ${this.console.file}`,
      this.#command,
      this.console.tail(consoleTailLines).replace(/^/gm, `${this.name} | `),
    ].join('\n');
  }

  /** Cuts the power and gives everything back but the files. */
  async close(): Promise<void> {
    await this.cutPower();
    await this.#relay.close();
    this.console.close();
  }

  #file(extension: string): string {
    return path.join(this.#options.directory, `${this.name}.${extension}`);
  }

  #bootWay(): BootWay {
    const { direct, image, secureBoot } = this.#options;
    if (direct && image.direct) return { kind: 'direct', ...image.direct };
    if (this.#uBoot !== null) return { kind: 'u-boot', file: this.#uBoot };
    return {
      kind: 'firmware',
      codeFile: secureBoot ? secureFirmwareCode : this.#board.firmwareCode,
      variablesFile: this.firmwareVariablesFile,
      protectsVariables: secureBoot !== undefined,
    };
  }

  async #provideFirmware(): Promise<void> {
    if (this.#options.image.bootChain === 'u-boot') {
      this.#uBoot = await provideEmulatedUBoot(openCache());
      return;
    }
    const { firmwareCode, firmwareVariables, firmwarePackage } = this.#board;
    const { secureBoot, firmwareVariablesFile } = this.#options;
    const variables = firmwareVariablesFile ?? secureBoot?.variablesFile ?? firmwareVariables;
    if (!existsSync(firmwareCode) || !existsSync(variables)) {
      throw new MachineError(
        'missingProgram',
        `There is no ${firmwareCode}: apt-get install ${firmwarePackage}`,
      );
    }
    copyFileSync(variables, this.firmwareVariablesFile);
  }

  #spawn(qemu: readonly string[], tpm: Tpm | null): Running {
    // The process is in a session of its own, so that Ctrl-C does not reach it, and dies with this one.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', this.#board.program, ...qemu], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr] as Readable[]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.console.push(text));
    }
    this.#relay.attach(child.stdio[adminDescriptor] as Duplex);
    const ended = new Promise<void>((resolve) => {
      child.on('error', (error) => {
        this.console.push(`QEMU cannot be started: ${error.message}\n`);
        resolve();
      });
      child.on('close', (code, signal) => {
        this.console.powerOff(this.#expectedEnd ?? `QEMU ended by itself: ${signal ?? code}`);
        resolve();
      });
    }).then(async () => {
      await tpm?.stop();
      this.#running = null;
    });
    return { process: child, control: new QmpClient(child.stdio[controlDescriptor] as Duplex), ended };
  }
}

function withLimit(work: Promise<void>, milliseconds: number, makeError: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(makeError()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
