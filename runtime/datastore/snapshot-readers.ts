/** Copies of the state that somebody reads piece by piece: for backups. Each is a file of its own until it is closed. */
import type { StateCopy } from './state-storage.ts';
import { StoreError } from './store.ts';

const pieceBytes = 64 * 1024;
/** Each copy takes as much space as the state. */
const mostCopies = 2;

export class SnapshotReaders {
  readonly #make: () => Promise<StateCopy>;
  readonly #copies = new Map<number, StateCopy>();
  #making = 0;
  #lastId = 0;

  constructor(make: () => Promise<StateCopy>) {
    this.#make = make;
  }

  async open(): Promise<{ readonly id: number; readonly sizeBytes: number }> {
    if (this.#copies.size + this.#making >= mostCopies)
      throw new StoreError(
        'unavailable',
        'Two copies of the datastore are being read already: try again later.',
      );
    this.#making += 1;
    try {
      const copy = await this.#make();
      this.#lastId += 1;
      this.#copies.set(this.#lastId, copy);
      return { id: this.#lastId, sizeBytes: copy.facts.sizeBytes };
    } finally {
      this.#making -= 1;
    }
  }

  async piece(id: number, offset: number): Promise<Uint8Array> {
    const copy = this.#copies.get(id);
    if (copy === undefined) throw new StoreError('unavailable', 'This copy of the datastore is closed.');
    return copy.read(offset, Math.min(pieceBytes, copy.facts.sizeBytes - offset));
  }

  async end(id: number): Promise<void> {
    const copy = this.#copies.get(id);
    this.#copies.delete(id);
    await copy?.close();
  }

  close(): void {
    for (const id of [...this.#copies.keys()]) void this.end(id);
  }
}
