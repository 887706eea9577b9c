/**
 * All places where machines of the cluster may be, from every source. Pure: time is handed in. Bounded, whoever talks: what
 * is only heard has few places, few of them for one host and for one id, and never takes the place of what is surer.
 */
import { formatEndpoint } from '../../peers/address-book.ts';
import type { NodeId } from '../../raft/types.ts';
import type { Hint, HintOrigin } from './hints.ts';

/** Not said again for so long, a place is forgotten. */
const forgetMilliseconds: Readonly<Record<HintOrigin, number>> = {
  heard: 120_000,
  lookedUp: 300_000,
  proved: 120_000,
  configured: Number.POSITIVE_INFINITY,
};
const origins: readonly HintOrigin[] = ['heard', 'lookedUp', 'proved', 'configured'];

export const mostHeard = 64;
const mostHeardOfOneHost = 8;
const mostHeardOfOneId = 4;
/** Of what is looked up, and of what proved the secret. */
const mostOfOther = 128;

export interface Candidate extends Hint {
  /** `host:port`. */
  readonly key: string;
}

interface Entry extends Candidate {
  readonly at: number;
}

export class Candidates {
  readonly #isMember: (id: NodeId) => boolean;
  /** In the order in which they were last said, the oldest first. */
  readonly #entries = new Map<string, Entry>();

  /** Places of those whom `isMember` names are kept longer than those of strangers. */
  constructor(isMember: (id: NodeId) => boolean) {
    this.#isMember = isMember;
  }

  /** True when this place was not known. */
  offer(hint: Hint, now: number): boolean {
    const key = formatEndpoint(hint.endpoint);
    const known = this.#entries.get(key);
    // What is only heard must not change what a surer source has said of the same place.
    const isSurer = known && origins.indexOf(known.origin) > origins.indexOf(hint.origin);
    const { origin, id } = isSurer ? known : hint;
    this.#entries.delete(key);
    this.#makeRoom({ ...hint, origin, id }, now);
    this.#entries.set(key, { endpoint: hint.endpoint, origin, id, key, at: now });
    return known === undefined;
  }

  /** Those said lately. */
  current(now: number): readonly Candidate[] {
    this.#forgetOld(now);
    return [...this.#entries.values()];
  }

  #makeRoom({ origin, endpoint, id }: Hint, now: number): void {
    if (origin === 'configured') return;
    this.#forgetOld(now);
    const rivals = [...this.#entries.values()].filter((entry) => entry.origin === origin);
    if (origin === 'heard') {
      this.#limit(
        rivals.filter((entry) => entry.endpoint.host === endpoint.host),
        mostHeardOfOneHost,
      );
      if (id !== null) {
        this.#limit(
          rivals.filter((entry) => entry.id === id),
          mostHeardOfOneId,
        );
      }
    }
    this.#limit(
      rivals.filter((entry) => this.#entries.has(entry.key)),
      origin === 'heard' ? mostHeard : mostOfOther,
    );
  }

  /** Leaves room for one more: strangers go first, then who was not heard of for longest. */
  #limit(rivals: readonly Entry[], most: number): void {
    if (rivals.length < most) return;
    const stranger = rivals.find((entry) => entry.id === null || !this.#isMember(entry.id));
    const oldest = stranger ?? rivals[0];
    if (oldest) this.#entries.delete(oldest.key);
  }

  #forgetOld(now: number): void {
    for (const [key, entry] of this.#entries) {
      if (now - entry.at >= forgetMilliseconds[entry.origin]) this.#entries.delete(key);
    }
  }
}
