/**
 * Writes protobuf from its end to its start, as Kubernetes' own encoder does: the length of a message is known when the
 * message stands there, so nothing is measured beforehand or copied.
 */

const firstSizeBytes = 4096;

export class BackwardWriter {
  #buffer = Buffer.allocUnsafe(firstSizeBytes);
  #at = firstSizeBytes;

  /** How much was written. */
  get sizeBytes(): number {
    return this.#buffer.length - this.#at;
  }

  /** What was written; the writer is not used after that. */
  finish(): Buffer {
    return this.#buffer.subarray(this.#at);
  }

  tag(number: number, wireType: number): void {
    this.varint(number * 8 + wireType);
  }

  /** @param value a whole number from 0; up to 2⁵³. */
  varint(value: number): void {
    let length = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) length += 1;
    this.#reserve(length);
    let rest = value;
    for (let index = 0; index < length; index += 1) {
      const isLast = index === length - 1;
      this.#buffer[this.#at + index] = isLast ? rest : (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
  }

  /** Any 64 bits; a negative number takes 10 bytes. */
  bigVarint(value: bigint): void {
    const unsigned = BigInt.asUintN(64, value);
    if (unsigned <= BigInt(Number.MAX_SAFE_INTEGER)) {
      this.varint(Number(unsigned));
      return;
    }
    const bytes: number[] = [];
    for (let rest = unsigned; rest > 0n; rest >>= 7n)
      bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#at);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#buffer.writeDoubleLE(value, this.#at);
  }

  /** Text with its length before it. */
  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#buffer.write(value, this.#at);
    this.varint(length);
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#at);
    this.varint(value.length);
  }

  #reserve(length: number): void {
    if (this.#at < length) {
      const used = this.sizeBytes;
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, used + length));
      this.#buffer.copy(larger, larger.length - used, this.#at);
      this.#at = larger.length - used;
      this.#buffer = larger;
    }
    this.#at -= length;
  }
}
