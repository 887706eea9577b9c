/** Connections that members have opened to this node: who is served, who may only renew its certificate, and who hears why not. */
import type { TLSSocket } from 'node:tls';
import type { MemberContext } from '../cluster/member-context.ts';
import { copyMessage, removedMessage } from '../cluster/removal.ts';
import { AcceptedConnections } from '../peers/accepted-connections.ts';
import { addressForOthers, plainAddress } from '../peers/address-book.ts';
import { memberFrameLimitBytes, strangerFrameLimitBytes } from '../peers/frames.ts';
import type { PeerGate } from '../peers/gate.ts';
import { receiveMessages } from '../peers/raft-links.ts';
import { RpcError, serveRpc } from '../peers/rpc.ts';
import type { ProvedPeer } from '../peers/trust.ts';
import type { NodeId } from '../raft/types.ts';
import type { OwnAddress } from './own-address.ts';

export interface MemberDoorOptions {
  readonly context: MemberContext;
  readonly gate: PeerGate;
  readonly lifetimeSeconds: () => number;
  readonly ownAddress: OwnAddress;
  /** Answers a member's request. Rejects with `RpcError`. */
  readonly serve: (
    method: string,
    params: Record<string, unknown>,
    from: NodeId,
    remoteHost: string,
  ) => Promise<unknown>;
}

/** For a refusal to leave before the connection is cut. */
const refusalMilliseconds = 1_000;

export class MemberDoor {
  readonly #options: MemberDoorOptions;
  readonly #accepted: AcceptedConnections;

  constructor(options: MemberDoorOptions) {
    this.#options = options;
    this.#accepted = new AcceptedConnections(options.gate);
  }

  /** A connection for messages of consensus. */
  acceptRaft(socket: TLSSocket, peer: ProvedPeer): void {
    const { context, gate, ownAddress } = this.#options;
    if (
      this.#isExpired(peer) ||
      this.#accepted.take(socket, peer.nodeId, remoteAddress(socket)) !== 'admitted'
    ) {
      socket.destroy();
      return;
    }
    ownAddress.see(socket.localAddress);
    const { replica } = context;
    receiveMessages(socket, peer.nodeId, gate.instances.own, {
      onMessage: (message) => replica.step(message),
      onEnd: () => replica.lostTouch(peer.nodeId),
    });
  }

  /** A connection for requests. */
  acceptRpc(socket: TLSSocket, peer: ProvedPeer): void {
    const { ownAddress, serve } = this.#options;
    const remoteHost = addressForOthers(socket.remoteAddress ?? '');
    const admission = this.#accepted.take(socket, peer.nodeId, remoteAddress(socket));
    if (admission !== 'admitted') {
      this.#refuse(socket, admission);
      return;
    }
    ownAddress.see(socket.localAddress);
    // Judged when the connection opens: one that is open stays so while the certificate is renewed.
    if (this.#isExpired(peer)) {
      this.#serveRenewal(socket, peer.nodeId);
      return;
    }
    serveRpc(socket, memberFrameLimitBytes, (method, params) =>
      serve(method, params, peer.nodeId, remoteHost),
    );
  }

  /** A node that was away for longer than its certificate lives gets a new one here, and then connects again. */
  #serveRenewal(socket: TLSSocket, from: NodeId): void {
    serveRpc(socket, memberFrameLimitBytes, async (method, params) => {
      setTimeout(() => socket.destroy(), refusalMilliseconds).unref();
      if (method === 'cluster.renew') return this.#options.serve(method, params, from, '');
      throw new RpcError('expired', 'The certificate of this node has expired: it can only be renewed.');
    });
  }

  /** A node that was removed, or the copy of one, hears why nobody answers it, and nothing else. */
  #refuse(socket: TLSSocket, why: 'removed' | 'copy'): void {
    const { clusterName } = this.#options.context;
    serveRpc(socket, strangerFrameLimitBytes, async () => {
      setTimeout(() => socket.destroy(), refusalMilliseconds).unref();
      throw new RpcError(why, why === 'removed' ? removedMessage(clusterName) : copyMessage(clusterName));
    });
  }

  /** By the cluster's clock. Whoever was away for long renews its certificate first, which nobody but a removed node is denied. */
  #isExpired({ issuedAt }: ProvedPeer): boolean {
    return this.#options.context.clock.now() - issuedAt > this.#options.lifetimeSeconds();
  }
}

function remoteAddress(socket: TLSSocket): string {
  return plainAddress(socket.remoteAddress ?? 'an unknown address');
}
