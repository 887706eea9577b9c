/** The connections that members have opened to this node: refused, or cut, when their node was removed. */
import type { TLSSocket } from 'node:tls';
import type { NodeId } from '../raft/types.ts';
import type { DenyList } from './deny-list.ts';

export class AcceptedConnections {
  readonly #denied: DenyList;
  readonly #sockets = new Map<NodeId, Set<TLSSocket>>();

  constructor(denied: DenyList) {
    this.#denied = denied;
    denied.onAdded((id) => {
      for (const socket of this.#sockets.get(id) ?? []) socket.destroy();
    });
  }

  /** Keeps the connection in mind until it ends; false when its node was removed. */
  take(socket: TLSSocket, id: NodeId): boolean {
    if (this.#denied.has(id)) return false;
    const sockets = this.#sockets.get(id) ?? new Set();
    this.#sockets.set(id, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0 && this.#sockets.get(id) === sockets) this.#sockets.delete(id);
    });
    return true;
  }
}
