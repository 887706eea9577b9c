/**
 * Multicast DNS on one link: sends there, and hears what is said there. What is too long, or too much, is dropped before it
 * is decoded, because decoding runs on the thread that keeps the cluster together.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isLinkLocal } from '../../peers/address-book.ts';
import { packetLimitBytes } from './announcement.ts';
import type { Link } from './links.ts';

/** Answers go to this port and come from it; others are to be ignored (RFC 6762, 6). */
const port = 5353;
const groups = { IPv4: '224.0.0.251', IPv6: 'ff02::fb' } as const;
const timeToLive = 255;
/** Far more than the devices of a large link say. */
const mostPacketsPerSecond = 200;
/** One machine that talks too much must not drown the others; several agents may be behind one address. */
const mostOfOneSender = 40;

export class MdnsSocket {
  readonly #link: Link;
  readonly #socket: Socket;
  #bound = false;
  #closed = false;
  #secondBegan = Number.NEGATIVE_INFINITY;
  /** Packets taken in this second, by sender. */
  readonly #taken = new Map<string, number>();
  #packets = 0;

  /** `onReady` is called when it can send; `onPacket` with the sender's address, an IPv6 one with its zone. */
  constructor(link: Link, onReady: () => void, onPacket: (bytes: Uint8Array, sender: string) => void) {
    this.#link = link;
    const v6 = link.family === 'IPv6';
    this.#socket = createSocket({ type: v6 ? 'udp6' : 'udp4', reuseAddr: true, ipv6Only: v6 });
    // A link that goes away is no fault: its socket is closed as soon as that is seen.
    this.#socket.on('error', () => {});
    this.#socket.on('message', (bytes, from) => {
      if (this.#takes(bytes, from)) onPacket(bytes, from.address);
    });
    this.#socket.bind(port, v6 ? '::' : '0.0.0.0', () => {
      this.#bound = true;
      onReady();
    });
  }

  send(bytes: Uint8Array): void {
    if (!this.#bound || this.#closed || !this.#join()) return;
    this.#socket.send(bytes, port, groups[this.#link.family], () => {});
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  /** Before each sending: an interface that was taken out and put back has lost its group. False: it is not there. */
  #join(): boolean {
    const { family, multicastInterface } = this.#link;
    try {
      this.#socket.setMulticastInterface(multicastInterface);
      this.#socket.setMulticastTTL(timeToLive);
      this.#socket.addMembership(groups[family], multicastInterface);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    }
  }

  #takes(bytes: Uint8Array, from: RemoteInfo): boolean {
    if (bytes.length > packetLimitBytes || from.port !== port) return false;
    // Nobody beyond a router has such an address.
    if (this.#link.family === 'IPv6' && !isLinkLocal(from.address)) return false;
    const now = performance.now();
    if (now - this.#secondBegan >= 1_000) {
      this.#secondBegan = now;
      this.#packets = 0;
      this.#taken.clear();
    }
    const taken = this.#taken.get(from.address) ?? 0;
    if (this.#packets >= mostPacketsPerSecond || taken >= mostOfOneSender) return false;
    this.#packets += 1;
    this.#taken.set(from.address, taken + 1);
    return true;
  }
}
