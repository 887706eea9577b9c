/**
 * A router at the lab's switch: it gives addresses by DHCP, and leads from ports of the host's loopback to the machines, nowhere
 * else. It is QEMU's own network without a machine in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import { boardOf } from '../machine/board.ts';
import { escapeValue } from '../machine/command-line.ts';
import { MachineError } from '../machine/machine-error.ts';
import { freePorts } from './free-ports.ts';

const network = '10.77.0';
const firstHost = 11;
const ports = { peer: 7443, api: 6443 } as const;
const connectMilliseconds = 200;
const openingLimitMilliseconds = 10_000;

/** Where one of the machines is, from inside and from the host. Which machine has which address they settle by DHCP. */
export interface Place {
  readonly address: string;
  /** Of the host's loopback. */
  readonly peerPort: number;
  readonly apiPort: number;
}

export class Gateway {
  readonly places: readonly Place[];
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;

  private constructor(process: ChildProcess, places: readonly Place[]) {
    this.#process = process;
    this.places = places;
    this.#ended = new Promise((resolve) => process.once('close', () => resolve()));
  }

  /** @param socket a port of the switch. @param count of machines that can be reached. Rejects with `MachineError`. */
  static async open(socket: string, count: number): Promise<Gateway> {
    const free = await freePorts(2 * count);
    const places = Array.from({ length: count }, (_, i) => ({
      address: `${network}.${firstHost + i}`,
      ...{ peerPort: free[2 * i] as number, apiPort: free[2 * i + 1] as number },
    }));
    const { program } = boardOf('x86_64');
    // It dies with this process, as the machines do.
    const words = ['--pdeathsig', 'KILL', program, ...gatewayArguments(socket, places)];
    const child = spawn('setpriv', words, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', (error) => (said += error.message));
    const gateway = new Gateway(child, places);
    const deadline = performance.now() + openingLimitMilliseconds;
    while (!(await answers(places[0]?.apiPort ?? 0))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        await gateway.close();
        throw new MachineError('startFailed', `The lab's router did not start. ${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, connectMilliseconds));
    }
    return gateway;
  }

  async close(): Promise<void> {
    this.#process.kill('SIGKILL');
    if (this.#process.pid !== undefined) await this.#ended;
  }
}

function gatewayArguments(socket: string, places: readonly Place[]): readonly string[] {
  const forwards = places.flatMap(({ address, peerPort, apiPort }) => [
    `hostfwd=tcp:127.0.0.1:${peerPort}-${address}:${ports.peer}`,
    `hostfwd=tcp:127.0.0.1:${apiPort}-${address}:${ports.api}`,
  ]);
  const outside = [
    'user,id=outside,restrict=on,ipv6=off',
    `net=${network}.0/24,host=${network}.1,dhcpstart=${network}.${firstHost}`,
    ...forwards,
  ];
  const inside = `stream,id=inside,server=off,addr.type=unix,addr.path=${escapeValue(socket)}`;
  return [
    ...['-machine', 'none', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-netdev', outside.join(','), '-netdev', inside],
    ...[
      '-netdev',
      'hubport,id=one,hubid=0,netdev=outside',
      '-netdev',
      'hubport,id=two,hubid=0,netdev=inside',
    ],
  ];
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (does: boolean): void => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
