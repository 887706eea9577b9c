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

  hear(peer: Heard, now: number): void {
    this.#heard.set(peer.id, { peer, at: now });
  }

  /** Those heard of lately, by id. */
  fresh(now: number): Heard[] {
    return [...this.#heard.values()]
      .filter(({ at }) => now - at < freshMilliseconds)
      .map(({ peer }) => peer)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
