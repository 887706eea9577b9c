/**
 * Machines of one image on a private switch. Everything they need lies in one directory and goes when the lab closes;
 * the processes go in any case.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BootImage } from '../machine/image.ts';
import { Machine } from '../machine/machine.ts';
import { MachineError } from '../machine/machine-error.ts';
import { VirtualSwitch } from '../switch/virtual-switch.ts';
import { Gateway } from './gateway.ts';

export interface LabOptions {
  readonly image: BootImage;
  /** Keeps disks and consoles after the lab; without it they are temporary. */
  readonly directory?: string;
  readonly direct?: boolean;
  readonly memoryMebibytes?: number;
}

export interface MoreMachineOptions {
  /** Another image than the lab's. */
  readonly image?: BootImage;
  /** Raw disks that are plugged in beside its own. */
  readonly extraDiskFiles?: readonly string[];
  /** Begins as a copy of this disk, of a machine of the same image that is off. */
  readonly copyOfDisk?: string;
  /** In place of the switch: a network of its own, where this port of the host's loopback leads to its peer port. */
  readonly forwardedPort?: number;
  /** Strings of the firmware's table (SMBIOS type 11). */
  readonly firmwareStrings?: readonly string[];
}

/** Enough for an idle member. */
export const defaultMemoryMebibytes = 512;

/** The image, and room for data. */
const diskBytes = 2 * 1024 ** 3;

export class Lab {
  readonly directory: string;
  readonly virtualSwitch: VirtualSwitch;
  readonly #options: LabOptions;
  readonly #machines: Machine[] = [];
  #gateway: Gateway | null = null;

  private constructor(options: LabOptions, directory: string) {
    this.directory = directory;
    this.#options = options;
    this.virtualSwitch = new VirtualSwitch({ directory });
  }

  /** Throws `MachineError`. */
  static open(options: LabOptions): Lab {
    return new Lab(options, openDirectory(options.directory));
  }

  get machines(): readonly Machine[] {
    return this.#machines;
  }

  /** Adds a machine with an empty disk, plugged into the switch and switched off. Its name is n1, n2, … */
  async addMachine({ image, ...more }: MoreMachineOptions = {}): Promise<Machine> {
    const number = this.#machines.length + 1;
    const name = `n${number}`;
    const machine = await Machine.create({
      name,
      directory: this.directory,
      image: image ?? this.#options.image,
      memoryMebibytes: this.#options.memoryMebibytes ?? defaultMemoryMebibytes,
      diskBytes,
      ...more,
      direct: this.#options.direct ?? false,
      networkSocket: more.forwardedPort === undefined ? await this.virtualSwitch.addPort(name) : null,
      ownNetwork: more.forwardedPort !== undefined,
      // Locally administered, in the range QEMU uses.
      macAddress: `52:54:00:00:00:${number.toString(16).padStart(2, '0')}`,
    });
    this.#machines.push(machine);
    return machine;
  }

  /**
   * Plugs in a router, before the machines are on: they get addresses by DHCP, and so many can be reached from the host. Without
   * one they find each other by themselves. Rejects with `MachineError`.
   */
  async addGateway(count: number): Promise<Gateway> {
    this.#gateway = await Gateway.open(await this.virtualSwitch.addPort('router'), count);
    return this.#gateway;
  }

  /** Adds several machines and switches them on. */
  async startMachines(count: number): Promise<readonly Machine[]> {
    const added: Machine[] = [];
    for (let i = 0; i < count; i += 1) added.push(await this.addMachine());
    await Promise.all(added.map((machine) => machine.powerOn()));
    return added;
  }

  /** Every machine's command line and the end of its console. */
  report(): string {
    return this.#machines.map((machine) => machine.report()).join('\n\n');
  }

  /** Cuts all power and removes what is temporary. `keepFiles` leaves it for a person to look at. */
  async close({ keepFiles = false }: { readonly keepFiles?: boolean } = {}): Promise<void> {
    await Promise.all([...this.#machines.map((machine) => machine.close()), this.#gateway?.close()]);
    await this.virtualSwitch.close();
    if (this.#options.directory === undefined && !keepFiles) {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }
}

function openDirectory(wanted: string | undefined): string {
  // Paths of sockets are short, so is this one.
  if (wanted === undefined) return mkdtempSync(path.join(tmpdir(), 'trivet-'));
  const directory = path.resolve(wanted);
  if (existsSync(path.join(directory, 'n1.qcow2'))) {
    throw new MachineError(
      'diskFailed',
      `${wanted} holds the machines of an earlier run: remove it, or name another directory.`,
    );
  }
  try {
    mkdirSync(directory, { recursive: true });
  } catch (cause) {
    throw new MachineError('diskFailed', `${wanted} cannot be made: ${(cause as Error).message}`, { cause });
  }
  return directory;
}
