/** The machines that proved the secret, as last heard: what formation decides over. Time is handed in. */
import { isLinkLocal } from '../peers/address-book.ts';
import type { Endpoint } from '../peers/dial.ts';
import type { NodeId } from '../raft/types.ts';
import type { HeardPeer } from './formation.ts';

/** Not heard of for this long, a machine does not count. */
const freshMilliseconds = 4_000;

export interface Heard extends HeardPeer {
  readonly name: string;
  readonly endpoint: Endpoint;
}

export class PeerTable {
  readonly #heard = new Map<NodeId, { readonly peer: Heard; readonly at: number }>();

  /** True when this is news: a machine not known, or one that joined or heard of others since. */
  hear(peer: Heard, now: number): boolean {
    const heard = this.#heard.get(peer.id);
    const known = heard?.peer;
    // A machine may be heard at several addresses: a link-local one is of no use to anybody else.
    const isWorse =
      heard !== undefined &&
      now - heard.at < freshMilliseconds &&
      isLinkLocal(peer.endpoint.host) &&
      !isLinkLocal(heard.peer.endpoint.host);
    this.#heard.set(peer.id, {
      peer: isWorse ? { ...peer, endpoint: heard.peer.endpoint } : peer,
      at: now,
    });
    return known?.clusterId !== peer.clusterId || known.blanks.join() !== peer.blanks.join();
  }

  /** It does not count any more. */
  forget(id: NodeId): void {
    this.#heard.delete(id);
  }

  /** Those heard of lately, by id. */
  fresh(now: number): Heard[] {
    return [...this.#heard.values()]
      .filter(({ at }) => now - at < freshMilliseconds)
      .map(({ peer }) => peer)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
