/** The machines that proved the secret, as last heard: what formation decides over. Time is handed in. */
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
    const known = this.#heard.get(peer.id)?.peer;
    this.#heard.set(peer.id, { peer, at: now });
    return known?.clusterId !== peer.clusterId || known.blanks.join() !== peer.blanks.join();
  }

  /** Those heard of lately, by id. */
  fresh(now: number): Heard[] {
    return [...this.#heard.values()]
      .filter(({ at }) => now - at < freshMilliseconds)
      .map(({ peer }) => peer)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
