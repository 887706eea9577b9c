/**
 * Memory for bytes that are kept for long and let go of in the order in which they came, as the log's entries are.
 * Node's own pool mixes them with bytes that live for a moment: one small entry then keeps eight KiB.
 */
const slabBytes = 64 * 1024;

export class KeptBytes {
  #slab = new Uint8Array(0);
  #used = 0;

  /** A copy of the bytes. */
  keep(bytes: Uint8Array): Uint8Array {
    if (bytes.length > slabBytes / 4) return new Uint8Array(bytes);
    if (this.#used + bytes.length > this.#slab.length) {
      this.#slab = new Uint8Array(slabBytes);
      this.#used = 0;
    }
    const kept = this.#slab.subarray(this.#used, this.#used + bytes.length);
    kept.set(bytes);
    this.#used += bytes.length;
    return kept;
  }
}
