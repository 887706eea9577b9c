/**
 * The connections that members have opened to this node. One of a node that was removed is refused, and cut when that
 * happens; one of a second run of a node is refused while the first is there.
 */
import type { TLSSocket } from 'node:tls';
import type { NodeId } from '../raft/types.ts';
import type { PeerGate } from './gate.ts';
import { instanceOf } from './instances.ts';

export type Admission = 'admitted' | 'removed' | 'copy';

export class AcceptedConnections {
  readonly #gate: PeerGate;
  readonly #sockets = new Map<NodeId, Set<TLSSocket>>();

  constructor(gate: PeerGate) {
    this.#gate = gate;
    gate.denied.onAdded((id) => {
      for (const socket of this.#sockets.get(id) ?? []) socket.destroy();
    });
  }

  /** Keeps an admitted connection in mind until it ends. `address` is where it comes from. */
  take(socket: TLSSocket, id: NodeId, address: string): Admission {
    const { denied, instances } = this.#gate;
    const instance = instanceOf(serverName(socket));
    if (denied.has(id)) return 'removed';
    if (!instances.admit(id, instance, address)) return 'copy';
    const sockets = this.#sockets.get(id) ?? new Set();
    this.#sockets.set(id, sockets.add(socket));
    socket.on('data', () => instances.heard(id, instance));
    socket.once('close', () => {
      instances.closed(id, instance);
      sockets.delete(socket);
      if (sockets.size === 0 && this.#sockets.get(id) === sockets) this.#sockets.delete(id);
    });
    return 'admitted';
  }
}

/** Node's types leave out what a server's socket has. */
function serverName(socket: TLSSocket): string | false | null {
  return (socket as TLSSocket & { readonly servername?: string | false | null }).servername ?? null;
}
