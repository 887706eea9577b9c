/**
 * The stream of consensus messages to each peer. Messages may be lost (Raft expects it): while a peer is away or
 * slow they are dropped, never queued without bound. The receiver answers with the name of its run: without that in time
 * the connection is taken for dead, long before TCP would notice a pulled cable or a lost machine.
 */
import type { TLSSocket } from 'node:tls';
import type { Message, NodeId } from '../raft/types.ts';
import { type AddressBook, sameEndpoint } from './address-book.ts';
import { alpn } from './alpn.ts';
import { dialMember, type Endpoint } from './dial.ts';
import {
  memberFrameLimitBytes,
  readFrames,
  strangerFrameLimitBytes,
  writeFrame,
  writeFrames,
} from './frames.ts';
import type { PeerGate } from './gate.ts';
import { decodeMessage, encodeMessage } from './raft-messages.ts';
import type { Credentials } from './trust.ts';

/** Bytes waiting in a socket beyond which further messages to it are dropped. */
const mostBufferedBytes = 8 * 1024 * 1024;
/** Without a sign of life this long after a message, the connection is dead. */
const silenceMilliseconds = 3_000;
/** A receiver gives a sign of life this often at most. */
const signEveryMilliseconds = 500;
const firstRetryMilliseconds = 100;
const longestRetryMilliseconds = 2_000;

interface Link {
  socket: TLSSocket | null;
  /** When the first message was sent that no sign of life has followed. */
  unansweredSince: number | null;
  /** Messages of this turn of the event loop. */
  waiting: Uint8Array[];
  /** Since when there is no connection; null when there is one, or none was tried. */
  downSince: number | null;
  /** Where the connection is being made. */
  dialling: Endpoint | null;
  retryMilliseconds: number;
  notBefore: number;
}

export class RaftLinks {
  readonly #credentials: Credentials;
  readonly #addresses: AddressBook;
  readonly #gate: PeerGate;
  readonly #links = new Map<NodeId, Link>();
  #closed = false;
  #flushing = false;

  constructor(credentials: Credentials, addresses: AddressBook, gate: PeerGate) {
    this.#credentials = credentials;
    this.#addresses = addresses;
    this.#gate = gate;
    gate.denied.onAdded((id) => {
      const link = this.#links.get(id);
      if (link) giveUp(link);
    });
  }

  /** Sends, or drops the message and tries to connect. */
  send(message: Message): void {
    if (this.#closed || this.#gate.denied.has(message.to)) return;
    const link = this.#link(message.to);
    const now = performance.now();
    if (link.unansweredSince !== null && now - link.unansweredSince > silenceMilliseconds) giveUp(link);
    if (link.socket === null) {
      this.#dial(message.to, link);
    } else if (link.socket.writableLength < mostBufferedBytes) {
      link.waiting.push(encodeMessage(message));
      link.unansweredSince ??= now;
      this.#flushSoon();
    }
  }

  /** In the next phase of the event loop: by then the log's write is on its way to the disk, which takes longest. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      for (const link of this.#links.values()) {
        if (link.socket !== null && link.waiting.length > 0) writeFrames(link.socket, link.waiting);
        link.waiting = [];
      }
    });
  }

  /** For how long no connection to a node could be made; null when there is one, or none was tried. */
  unreachableMilliseconds(id: NodeId): number | null {
    const since = this.#links.get(id)?.downSince ?? null;
    return since === null ? null : performance.now() - since;
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
      unansweredSince: null,
      waiting: [],
      downSince: null,
      dialling: null,
      retryMilliseconds: firstRetryMilliseconds,
      notBefore: 0,
    };
    this.#links.set(id, link);
    return link;
  }

  /**
   * Where to connect now; null when it is not the time. An attempt at an address that nobody has any more takes seconds to
   * fail: it is not waited for when the node has answered elsewhere meanwhile.
   */
  #endpointFor(id: NodeId, { dialling, notBefore }: Link): Endpoint | null {
    if (dialling === null) return performance.now() < notBefore ? null : this.#addresses.first(id);
    const confirmed = this.#addresses.confirmed(id);
    return confirmed !== null && !sameEndpoint(confirmed, dialling) ? confirmed : null;
  }

  #dial(id: NodeId, link: Link): void {
    const endpoint = this.#endpointFor(id, link);
    if (endpoint === null) return;
    link.dialling = endpoint;
    const { instances } = this.#gate;
    dialMember(endpoint, alpn.raft, this.#credentials, id, instances.own).then(
      ({ socket }) => {
        if (link.dialling === endpoint) link.dialling = null;
        if (this.#closed || link.socket !== null || this.#gate.denied.has(id)) return void socket.destroy();
        link.socket = socket;
        link.retryMilliseconds = firstRetryMilliseconds;
        link.downSince = null;
        this.#addresses.confirm(id, endpoint);
        readFrames(socket, strangerFrameLimitBytes, {
          onFrame: (sign) => {
            link.unansweredSince = null;
            if (!instances.isCopy(id, Buffer.from(sign).toString('latin1'))) return;
            // A copied card answers at this address; the node itself is somewhere else.
            this.#addresses.demote(id, endpoint);
            socket.destroy();
          },
          onEnd: () => {
            if (link.socket === socket) giveUp(link);
          },
        });
      },
      () => {
        this.#addresses.demote(id, endpoint);
        if (link.dialling !== endpoint) return;
        link.dialling = null;
        link.downSince ??= performance.now();
        link.notBefore = performance.now() + link.retryMilliseconds;
        link.retryMilliseconds = Math.min(link.retryMilliseconds * 2, longestRetryMilliseconds);
      },
    );
  }
}

function giveUp(link: Link): void {
  link.downSince ??= performance.now();
  link.socket?.destroy();
  link.socket = null;
  link.unansweredSince = null;
}

export interface MessageHandlers {
  readonly onMessage: (message: Message) => void;
  /** The connection has ended. */
  readonly onEnd: () => void;
}

/** The receiving side: hands over messages, and tells the sender that it is there. */
export function receiveMessages(
  socket: TLSSocket,
  from: NodeId,
  ownInstance: string,
  handlers: MessageHandlers,
): void {
  const sign = new Uint8Array(Buffer.from(ownInstance, 'latin1'));
  let lastSign = Number.NEGATIVE_INFINITY;
  readFrames(socket, memberFrameLimitBytes, {
    onFrame: (frame) => {
      const message = decodeMessage(frame, from);
      if (message === null) {
        socket.destroy();
        return;
      }
      const now = performance.now();
      if (now - lastSign >= signEveryMilliseconds) {
        lastSign = now;
        writeFrame(socket, sign);
      }
      handlers.onMessage(message);
    },
    onEnd: handlers.onEnd,
  });
}
