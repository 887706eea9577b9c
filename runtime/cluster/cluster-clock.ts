/**
 * The cluster's own time: seconds for which it has had a leader, counted by the leaders' monotonic clocks and kept in the
 * datastore. A device may believe that it is 1970 or 2099; what expires in a cluster expires by this.
 */
import type { StateView } from '../datastore/state-machine/reading.ts';
import type { Store } from '../datastore/store.ts';
import { clockKey, encodeClock, readClock } from './enrolment-records.ts';

export interface ClusterClockOptions {
  readonly view: () => StateView;
  readonly store: Store;
  /** Whether something is to expire after now, in seconds: the count is then stored often, which costs writes. */
  readonly isNeeded: (now: number) => boolean;
}

const neededEverySeconds = 15;
const otherwiseEverySeconds = 600;

export class ClusterClock {
  readonly #options: ClusterClockOptions;
  #stored = -1;
  #storedAt = 0;
  #nextLook = 0;
  #heard = 0;

  constructor(options: ClusterClockOptions) {
    this.#options = options;
  }

  /** Seconds, as well as this node knows; after a change of leaders it may be late by as much as was not stored. */
  now(): number {
    const stored = Math.max(readClock(this.#options.view()), this.#heard);
    const monotonic = performance.now();
    if (stored !== this.#stored) {
      this.#stored = stored;
      this.#storedAt = monotonic;
    }
    return stored + Math.floor((monotonic - this.#storedAt) / 1000);
  }

  /** What the leader says, for a node that holds no data. */
  hear(seconds: number): void {
    this.#heard = Math.max(this.#heard, seconds);
  }

  /** In every round of the leader. Rejects with `StoreError`. */
  async keep(): Promise<void> {
    const now = this.now();
    const waited = now - readClock(this.#options.view());
    if (waited < neededEverySeconds || (waited < otherwiseEverySeconds && !this.#isNeededNow(now))) return;
    await this.#options.store.transact({
      success: [{ operation: 'put', key: clockKey, value: encodeClock(now) }],
    });
  }

  /** Looked up seldom: there may be thousands of tokens. */
  #isNeededNow(now: number): boolean {
    if (now < this.#nextLook) return false;
    this.#nextLook = now + neededEverySeconds;
    return this.#options.isNeeded(now);
  }
}
