/** One request connection to each peer, opened when it is needed and kept. */
import type { NodeId } from '../raft/types.ts';
import type { AddressBook } from './address-book.ts';
import { alpn } from './alpn.ts';
import { DialError, dialMember, type Endpoint } from './dial.ts';
import { memberFrameLimitBytes } from './frames.ts';
import type { PeerGate } from './gate.ts';
import { RpcClient, RpcError } from './rpc.ts';
import type { Credentials } from './trust.ts';

export class RpcLinks {
  readonly #credentials: Credentials;
  readonly #addresses: AddressBook;
  readonly #gate: PeerGate;
  readonly #clients = new Map<NodeId, Promise<RpcClient>>();

  constructor(credentials: Credentials, addresses: AddressBook, gate: PeerGate) {
    this.#credentials = credentials;
    this.#addresses = addresses;
    this.#gate = gate;
    gate.denied.onAdded((id) => void this.#clients.get(id)?.then(closeClient, () => {}));
  }

  /** Rejects with `RpcError`; code `unreachable` when there is no connection to be had, or `otherAuthority` (dial.ts). */
  async request(
    to: NodeId,
    method: string,
    params: Record<string, unknown>,
    timeoutMilliseconds: number,
  ): Promise<unknown> {
    const client = await this.#client(to);
    return client.request(method, params, timeoutMilliseconds);
  }

  close(): void {
    for (const client of this.#clients.values()) client.then(closeClient, () => {});
    this.#clients.clear();
  }

  #client(id: NodeId): Promise<RpcClient> {
    if (this.#gate.denied.has(id))
      return Promise.reject(new RpcError('unreachable', `Node ${id} was removed from the cluster.`));
    const known = this.#clients.get(id);
    if (known) return known;
    const endpoint = this.#addresses.first(id);
    if (endpoint === null)
      return Promise.reject(new RpcError('unreachable', `No address of node ${id} is known.`));
    const client = this.#open(id, endpoint);
    this.#clients.set(id, client);
    return client;
  }

  async #open(id: NodeId, endpoint: Endpoint): Promise<RpcClient> {
    try {
      const { socket } = await dialMember(
        ...([endpoint, alpn.rpc, this.#credentials, id, this.#gate.instances.own] as const),
      );
      this.#addresses.confirm(id, endpoint);
      return new RpcClient(socket, memberFrameLimitBytes, () => this.#clients.delete(id));
    } catch (error) {
      this.#clients.delete(id);
      this.#addresses.demote(id, endpoint);
      const code = error instanceof DialError && error.code === 'otherAuthority' ? error.code : 'unreachable';
      throw new RpcError(code, error instanceof Error ? error.message : String(error));
    }
  }
}

function closeClient(client: RpcClient): void {
  client.close();
}
