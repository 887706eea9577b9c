/**
 * When leases end. Only the leader counts, by its own monotonic clock, and only its proposal ends one, so that all
 * replicas agree. A new leader gives every lease its full time again: a lease may live longer than it was granted,
 * never shorter.
 */
import type { Clock } from './clock.ts';
import type { StoredLease } from './state-machine/reading.ts';

export interface LeaseSurroundings {
  readonly clock: Clock;
  /** The term in which this node leads; null when it does not. */
  leadingTerm(): number | null;
  /** Rises with every change of the stored leases. */
  changes(): number;
  stored(): readonly StoredLease[];
  /** Proposes the end of a lease. */
  revoke(lease: StoredLease): Promise<unknown>;
}

interface Counted {
  readonly lease: StoredLease;
  /** By the clock, in milliseconds. */
  ends: number;
  ending: boolean;
}

export class Leases {
  readonly #around: LeaseSurroundings;
  readonly #counted = new Map<number, Counted>();
  #term: number | null = null;
  #changes = -1;

  constructor(around: LeaseSurroundings) {
    this.#around = around;
  }

  /** To be called often: several times a second. */
  check(): void {
    if (!this.#isCounting()) return;
    const now = this.#around.clock.now();
    for (const counted of this.#counted.values()) {
      if (counted.ending || now < counted.ends) continue;
      counted.ending = true;
      this.#around.revoke(counted.lease).then(
        () => {},
        () => {
          // It did not come through: try again, or another leader does.
          counted.ending = false;
        },
      );
    }
  }

  /**
   * The lease lives for its full time from `since` on; null when it does not exist, or is ending. The caller has made
   * sure, after `since`, that this node still leads.
   */
  renew(id: number, since: number): number | null {
    const counted = this.#find(id);
    if (counted === null || counted.ending) return null;
    counted.ends = Math.max(counted.ends, since + counted.lease.seconds * 1000);
    return counted.lease.seconds;
  }

  /** Seconds left; null when it does not exist. */
  remaining(id: number): number | null {
    const counted = this.#find(id);
    return counted === null ? null : Math.max(0, (counted.ends - this.#around.clock.now()) / 1000);
  }

  #find(id: number): Counted | null {
    return this.#isCounting() ? (this.#counted.get(id) ?? null) : null;
  }

  /** Brings the counted leases up to the stored ones. False on a node that does not lead. */
  #isCounting(): boolean {
    const term = this.#around.leadingTerm();
    if (term !== this.#term) {
      this.#counted.clear();
      this.#changes = -1;
      this.#term = term;
    }
    if (term === null) return false;
    const changes = this.#around.changes();
    if (changes !== this.#changes) this.#follow();
    this.#changes = changes;
    return true;
  }

  #follow(): void {
    const stored = new Map(this.#around.stored().map((lease) => [lease.id, lease]));
    for (const [id, { lease }] of this.#counted)
      if (stored.get(id)?.granted !== lease.granted) this.#counted.delete(id);
    const now = this.#around.clock.now();
    for (const lease of stored.values()) {
      if (this.#counted.has(lease.id)) continue;
      this.#counted.set(lease.id, { lease, ends: now + lease.seconds * 1000, ending: false });
    }
  }
}
