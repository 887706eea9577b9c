/**
 * The outgoing stream of consensus messages to each peer. Messages may be lost (Raft expects it): while a peer is
 * away or slow they are dropped, never queued without bound.
 */
import type { TLSSocket } from 'node:tls';
import type { Message, NodeId } from '../raft/types.ts';
import type { AddressBook } from './address-book.ts';
import { alpn } from './alpn.ts';
import { dialMember } from './dial.ts';
import { writeFrame } from './frames.ts';
import { encodeMessage } from './raft-messages.ts';
import type { Credentials } from './trust.ts';

/** Bytes waiting in a socket beyond which further messages to it are dropped. */
const mostBufferedBytes = 8 * 1024 * 1024;
const firstRetryMilliseconds = 100;
const longestRetryMilliseconds = 2_000;

interface Link {
  socket: TLSSocket | null;
  dialling: boolean;
  retryMilliseconds: number;
  notBefore: number;
}

export class RaftLinks {
  readonly #credentials: Credentials;
  readonly #addresses: AddressBook;
  readonly #links = new Map<NodeId, Link>();
  #closed = false;

  constructor(credentials: Credentials, addresses: AddressBook) {
    this.#credentials = credentials;
    this.#addresses = addresses;
  }

  /** Sends, or drops the message and tries to connect. */
  send(message: Message): void {
    if (this.#closed) return;
    const link = this.#link(message.to);
    if (link.socket === null) this.#dial(message.to, link);
    else if (link.socket.writableLength < mostBufferedBytes) writeFrame(link.socket, encodeMessage(message));
  }

  close(): void {
    this.#closed = true;
    for (const link of this.#links.values()) link.socket?.destroy();
    this.#links.clear();
  }

  #link(id: NodeId): Link {
    const known = this.#links.get(id);
    if (known) return known;
    const link: Link = {
      socket: null,
      dialling: false,
      retryMilliseconds: firstRetryMilliseconds,
      notBefore: 0,
    };
    this.#links.set(id, link);
    return link;
  }

  #dial(id: NodeId, link: Link): void {
    const endpoint = this.#addresses.first(id);
    if (endpoint === null || link.dialling || performance.now() < link.notBefore) return;
    link.dialling = true;
    dialMember(endpoint, alpn.raft, this.#credentials, id).then(
      ({ socket }) => {
        link.dialling = false;
        if (this.#closed) return void socket.destroy();
        link.socket = socket;
        link.retryMilliseconds = firstRetryMilliseconds;
        // The other side never speaks on this stream; reading is how its end is noticed.
        socket.resume();
        socket.on('close', () => {
          link.socket = null;
        });
      },
      () => {
        link.dialling = false;
        this.#addresses.demote(id, endpoint);
        link.notBefore = performance.now() + link.retryMilliseconds;
        link.retryMilliseconds = Math.min(link.retryMilliseconds * 2, longestRetryMilliseconds);
      },
    );
  }
}
