/**
 * A learning Ethernet switch for virtual machines, on unix sockets: one socket a port, to which QEMU connects
 * (`-netdev stream`). It listens before machines start and outlives them. Tests cut links, delay and lose frames; a full
 * port loses frames, as on a real switch.
 */
import { rmSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { addressesOf, type FrameError, FrameReader, isGroupAddress } from './frames.ts';

/** What a port may have queued before frames to it are lost. */
const fullQueueBytes = 1024 * 1024;

/** sockaddr_un holds 108 bytes with the closing zero. */
export const longestSocketPathBytes = 107;

export class SwitchError extends Error {
  override readonly name = 'SwitchError';
  readonly code: 'pathTooLong' | 'unknownPort' | 'cannotListen';

  constructor(code: SwitchError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface PortCounters {
  readonly received: number;
  readonly sent: number;
  /** Because of a cut, of loss that was asked for, or of a full queue. */
  readonly lost: number;
}

interface Port {
  readonly name: string;
  readonly path: string;
  readonly server: net.Server;
  socket: net.Socket | null;
  delayMilliseconds: number;
  /** Between 0 and 1. */
  loss: number;
  isCut: boolean;
  received: number;
  sent: number;
  lost: number;
}

export interface SwitchOptions {
  /** Where the sockets go; it must exist. */
  readonly directory: string;
  /** Decides about loss; between 0 and 1. A test gives a seeded one. */
  readonly random?: () => number;
}

export class VirtualSwitch {
  readonly #directory: string;
  readonly #random: () => number;
  readonly #ports = new Map<string, Port>();
  /** Which port an address was last seen at. */
  readonly #learned = new Map<string, Port>();
  /** Pairs of ports that do not hear each other. */
  readonly #partitions = new Set<string>();
  readonly #delayed = new Set<NodeJS.Timeout>();

  constructor(options: SwitchOptions) {
    this.#directory = options.directory;
    this.#random = options.random ?? Math.random;
  }

  /** Opens a port and returns its socket's path. One machine at a time may be plugged in. Throws `SwitchError`. */
  async addPort(name: string): Promise<string> {
    const socketPath = path.join(this.#directory, `${name}.net`);
    if (Buffer.byteLength(socketPath) > longestSocketPathBytes) {
      throw new SwitchError(
        'pathTooLong',
        `The path of a socket may have ${longestSocketPathBytes} bytes and ${socketPath} has more: use a shorter directory.`,
      );
    }
    const server = net.createServer((socket) => this.#plugIn(port, socket));
    const port: Port = {
      ...{ name, path: socketPath, server, socket: null, delayMilliseconds: 0, loss: 0, isCut: false },
      ...{ received: 0, sent: 0, lost: 0 },
    };
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        reject(
          new SwitchError('cannotListen', `Cannot listen on ${socketPath}: ${cause.message}`, { cause }),
        );
      });
      server.listen(socketPath, resolve);
    });
    this.#ports.set(name, port);
    return socketPath;
  }

  /** Pulls the cable of a machine; it stays powered. */
  cut(name: string): void {
    this.#port(name).isCut = true;
  }

  /** Puts the cable back. */
  join(name: string): void {
    this.#port(name).isCut = false;
  }

  /** Stops all frames between two groups of machines, in both directions. */
  partition(one: readonly string[], other: readonly string[]): void {
    for (const a of one) {
      for (const b of other) this.#partitions.add(pairKey(this.#port(a).name, this.#port(b).name));
    }
  }

  /** Ends every cut, partition, delay and loss. */
  heal(): void {
    this.#partitions.clear();
    for (const port of this.#ports.values()) {
      port.isCut = false;
      port.delayMilliseconds = 0;
      port.loss = 0;
    }
  }

  /** Delays frames to a machine. */
  delay(name: string, milliseconds: number): void {
    this.#port(name).delayMilliseconds = milliseconds;
  }

  /** Loses this share of the frames to a machine, between 0 and 1. */
  lose(name: string, share: number): void {
    this.#port(name).loss = share;
  }

  counters(name: string): PortCounters {
    const { received, sent, lost } = this.#port(name);
    return { received, sent, lost };
  }

  /** Unplugs everything and removes the sockets. */
  async close(): Promise<void> {
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
    const ports = [...this.#ports.values()];
    this.#ports.clear();
    await Promise.all(
      ports.map((port) => {
        const closed = new Promise((resolve) => port.server.close(resolve));
        port.socket?.destroy();
        rmSync(port.path, { force: true });
        return closed;
      }),
    );
  }

  #port(name: string): Port {
    const port = this.#ports.get(name);
    if (!port) throw new SwitchError('unknownPort', `The switch has no port "${name}".`);
    return port;
  }

  #plugIn(port: Port, socket: net.Socket): void {
    port.socket?.destroy();
    port.socket = socket;
    const reader = new FrameReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const frame of reader.push(chunk)) this.#receive(port, frame);
      } catch (error) {
        socket.destroy(error as FrameError);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      if (port.socket !== socket) return;
      port.socket = null;
      for (const [address, at] of this.#learned) if (at === port) this.#learned.delete(address);
    });
  }

  #receive(from: Port, frame: Buffer): void {
    from.received += 1;
    if (from.isCut) {
      from.lost += 1;
      return;
    }
    const { destination, source } = addressesOf(frame);
    if (!isGroupAddress(source)) this.#learned.set(source, from);
    const known = isGroupAddress(destination) ? undefined : this.#learned.get(destination);
    const targets = known ? [known] : this.#ports.values();
    for (const to of targets) if (to !== from) this.#forward(from, to, frame);
  }

  #forward(from: Port, to: Port, frame: Buffer): void {
    const parted = this.#partitions.has(pairKey(from.name, to.name));
    if (to.isCut || parted || (to.loss > 0 && this.#random() < to.loss)) {
      to.lost += 1;
    } else if (to.delayMilliseconds === 0) {
      this.#send(to, frame);
    } else {
      const timer = setTimeout(() => {
        this.#delayed.delete(timer);
        this.#send(to, frame);
      }, to.delayMilliseconds);
      this.#delayed.add(timer);
    }
  }

  #send(to: Port, frame: Buffer): void {
    if (to.socket === null) return;
    if (to.socket.writableLength + frame.length > fullQueueBytes) {
      to.lost += 1;
      return;
    }
    to.sent += 1;
    to.socket.write(frame);
  }
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}
