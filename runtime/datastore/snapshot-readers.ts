/**
 * Copies of the state that somebody reads piece by piece: for backups. Each takes space until it is closed; one that
 * nobody reads any more is closed by itself.
 */
import type { Cancel, Clock } from './clock.ts';
import type { CopyFacts, StateCopy } from './state-storage.ts';
import { StoreError } from './store.ts';
import type { OpenedSnapshot } from './store-core.ts';

const pieceBytes = 64 * 1024;
/** Each copy takes as much space as the state. */
const mostCopies = 2;
/** A reader that has not asked for this long is gone. */
const patienceMilliseconds = 60_000;

/** A copy that is here, or at another node. */
export interface ReadableCopy extends Pick<StateCopy, 'read' | 'close'> {
  readonly facts: CopyFacts;
}

interface Reading {
  readonly copy: ReadableCopy;
  giveUp: Cancel;
}

export class SnapshotReaders {
  readonly #make: () => Promise<ReadableCopy>;
  readonly #clock: Clock;
  readonly #copies = new Map<number, Reading>();
  #making = 0;
  #lastId = 0;

  constructor(make: () => Promise<ReadableCopy>, clock: Clock) {
    this.#make = make;
    this.#clock = clock;
  }

  async open(): Promise<OpenedSnapshot> {
    if (this.#copies.size + this.#making >= mostCopies)
      throw new StoreError(
        'unavailable',
        'Two copies of the datastore are being read already: try again later.',
      );
    this.#making += 1;
    try {
      const copy = await this.#make();
      this.#lastId += 1;
      const id = this.#lastId;
      this.#copies.set(id, { copy, giveUp: this.#patience(id) });
      const { sizeBytes, index, digest, revision } = copy.facts;
      return { id, sizeBytes, index, digest, revision };
    } finally {
      this.#making -= 1;
    }
  }

  async piece(id: number, offset: number): Promise<Uint8Array> {
    const reading = this.#copies.get(id);
    if (reading === undefined)
      throw new StoreError('unavailable', 'This copy of the datastore is closed: begin anew.');
    reading.giveUp();
    reading.giveUp = this.#patience(id);
    const { copy } = reading;
    return copy.read(offset, Math.max(0, Math.min(pieceBytes, copy.facts.sizeBytes - offset)));
  }

  async end(id: number): Promise<void> {
    const reading = this.#copies.get(id);
    this.#copies.delete(id);
    reading?.giveUp();
    await reading?.copy.close();
  }

  close(): void {
    for (const id of [...this.#copies.keys()]) void this.end(id);
  }

  #patience(id: number): Cancel {
    return this.#clock.after(patienceMilliseconds, () => void this.end(id));
  }
}
