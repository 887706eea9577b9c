/** A stranger on the switch that tries every port of a machine, and hears which ones somebody listens at. */
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeFrame, FrameReader } from './frames.ts';
import {
  bytesOf,
  decodePacket,
  encodeArp,
  encodeTcp,
  encodeUdp,
  type Packet,
  type Place,
  tcpFlags,
} from './packets.ts';

/** How many packets are sent between two pauses; more at once would be lost where the guest is slow. */
const tcpPace = { burst: 256, milliseconds: 20 };
/** Linux tells everybody together of a thousand closed UDP ports a second, and of fifty at once. */
const udpPace = { burst: 20, milliseconds: 50 };
const addressesForRound = 250;
/** After the last packet of a round, for answers that are under way. */
const settleMilliseconds = 1_500;
const rounds = 4;
const ownPort = 40_000;
const mac = bytesOf('52:54:00:ff:00:01');
/** Linux tells one address of at most six closed UDP ports at once, and keeps about a thousand neighbours in mind. */
const portsForOneAddress = 5;
/** So many values of an address's third byte are this stranger's. */
const blockSize = 8;

export class PortScan {
  readonly #socket: net.Socket;
  readonly #heard = new Set<(packet: Packet) => void>();
  readonly #target: Place;
  /** The third byte of this stranger's addresses begins here. */
  readonly #block: number;

  private constructor(socket: net.Socket, target: Place, block: number) {
    this.#socket = socket;
    this.#target = target;
    this.#block = block;
  }

  /**
   * Plugs into a port of the switch (`VirtualSwitch.addPort`), and finds the machine with this IPv4 address, in a network of
   * 16 bits. `others` are the addresses of further machines there.
   */
  static async open(portSocket: string, address: string, others: readonly string[]): Promise<PortScan> {
    const socket = net.connect(portSocket);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const target = { mac: Buffer.alloc(6), ip: bytesOf(address) };
    const scan = new PortScan(socket, target, freeBlock([address, ...others]));
    const reader = new FrameReader();
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const frame of reader.push(chunk)) scan.#receive(frame.subarray(4));
    });
    const found = scan.#next((packet) => packet.kind === 'arp' && packet.sender.ip.equals(target.ip));
    scan.#send(encodeArp(scan.#place(0), null, target.ip));
    const answer = await found;
    if (answer.kind === 'arp') answer.sender.mac.copy(target.mac);
    return scan;
  }

  /** The TCP ports at which the machine takes connections. Rejects when it answers for fewer than all others. */
  async tcp(): Promise<number[]> {
    const open = new Set<number>();
    const asked = range(1, 65_535);
    await this.#ask(
      asked,
      (port) => encodeTcp(this.#place(0), this.#target, { from: ownPort, to: port }, tcpFlags.syn),
      (packet) => {
        if (packet.kind !== 'tcp') return null;
        if ((packet.flags & tcpFlags.synAck) === tcpFlags.synAck) {
          open.add(packet.port);
          this.#send(
            encodeTcp(this.#place(0), this.#target, { from: ownPort, to: packet.port }, tcpFlags.reset),
          );
        }
        return packet.port;
      },
      'every TCP port',
    );
    return [...open].sort((a, b) => a - b);
  }

  /** Those of these UDP ports about which the machine never says that nobody listens. */
  async udp(ports: readonly number[]): Promise<number[]> {
    let left: readonly number[] = ports;
    for (let round = 0; round < rounds; round += 1) {
      // From other addresses each time: an answer may have been withheld.
      const encode = (port: number, index: number): Buffer => {
        const own = this.#place(1 + round * addressesForRound + Math.floor(index / portsForOneAddress));
        return encodeUdp(own, this.#target, { from: ownPort, to: port });
      };
      const closed = (packet: Packet): number | null => (packet.kind === 'unreachable' ? packet.port : null);
      left = [...(await this.#askOnce(left, encode, closed, udpPace))];
    }
    return [...left].sort((a, b) => a - b);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Repeats what is not answered; throws when something never is. */
  async #ask(
    ports: readonly number[],
    encode: (port: number) => Buffer,
    answered: (packet: Packet) => number | null,
    what: string,
  ): Promise<void> {
    let left: readonly number[] = ports;
    for (let round = 0; round < rounds && left.length > 0; round += 1)
      left = [...(await this.#askOnce(left, encode, answered, tcpPace))];
    if (left.length > 0)
      throw new Error(
        `the machine does not answer for ${what}: ${left.length} are silent, such as ${left[0]}`,
      );
  }

  /** @returns the ports that were not answered. */
  async #askOnce(
    ports: readonly number[],
    encode: (port: number, index: number) => Buffer,
    answered: (packet: Packet) => number | null,
    pace: typeof tcpPace,
  ): Promise<Set<number>> {
    const left = new Set(ports);
    const hear = (packet: Packet): void => {
      const port = answered(packet);
      if (port !== null) left.delete(port);
    };
    this.#heard.add(hear);
    for (const [index, port] of ports.entries()) {
      this.#send(encode(port, index));
      if (index % pace.burst === pace.burst - 1) await pause(pace.milliseconds);
    }
    await pause(settleMilliseconds);
    this.#heard.delete(hear);
    return left;
  }

  /** One of many addresses that this stranger has, all on the machine's link. */
  #place(index: number): Place {
    const ip = Buffer.from(this.#target.ip);
    ip[2] = this.#block + Math.floor(index / 250);
    ip[3] = 1 + (index % 250);
    return { mac, ip };
  }

  #receive(frame: Buffer): void {
    const packet = decodePacket(frame);
    if (packet === null) return;
    if (packet.kind === 'arp' && packet.isRequest && this.#isOwn(packet.wanted))
      this.#send(encodeArp({ mac, ip: packet.wanted }, packet.sender, packet.wanted));
    if (packet.kind !== 'arp' && !packet.from.equals(this.#target.ip)) return;
    for (const hear of this.#heard) hear(packet);
  }

  #isOwn(ip: Buffer): boolean {
    const isInBlock = ip[2]! >= this.#block && ip[2]! < this.#block + blockSize;
    return ip.subarray(0, 2).equals(this.#target.ip.subarray(0, 2)) && isInBlock;
  }

  #next(wanted: (packet: Packet) => boolean): Promise<Packet> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the machine does not answer on the link')), 10_000);
      const hear = (packet: Packet): void => {
        if (!wanted(packet)) return;
        clearTimeout(timer);
        this.#heard.delete(hear);
        resolve(packet);
      };
      this.#heard.add(hear);
    });
  }

  #send(frame: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(encodeFrame(frame));
  }
}

/** Where none of these addresses is in the way. */
function freeBlock(addresses: readonly string[]): number {
  const taken = addresses.map((address) => Math.floor(bytesOf(address)[2]! / blockSize));
  for (let block = 1; ; block += 1) if (!taken.includes(block)) return block * blockSize;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
