/**
 * Writing and reading compact binary records: whole numbers as variable-length integers (LEB128, up to 2^53 - 1),
 * byte strings with their length before them. For what is encoded thousands of times a second: commands, their
 * results and consensus messages.
 */

/** The bytes are not what they should be: a hostile or broken sender, or another version. */
export class BytesError extends Error {
  override readonly name = 'BytesError';
}

const firstBytes = 256;
/** A whole number takes at most eight bytes: 53 bits, seven in each. */
const longestWhole = 8;

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(firstBytes);
  #length = 0;

  byte(value: number): this {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  flag(value: boolean): this {
    return this.byte(value ? 1 : 0);
  }

  /** A whole number from 0 to 2^53 - 1. */
  whole(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new BytesError(`${value} is no whole number`);
    this.#reserve(longestWhole);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.whole(value.length);
    return this.raw(value);
  }

  /** Bytes whose length the reader knows. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  text(value: string): this {
    return this.bytes(Buffer.from(value, 'utf8'));
  }

  /** Sixteen hexadecimal digits, as eight bytes. */
  id(value: string): this {
    this.#reserve(8);
    if (this.#buffer.write(value, this.#length, 8, 'hex') !== 8) throw new BytesError(`${value} is no id`);
    this.#length += 8;
    return this;
  }

  list<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.whole(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** What was written so far, in just as much memory as it needs: it may be kept for long. */
  finish(): Uint8Array {
    return Buffer.from(this.#buffer.subarray(0, this.#length));
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

/** Every method throws `BytesError` when the bytes are not there or make no sense. */
export class ByteReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    const value = this.#buffer[this.#offset++];
    if (value === undefined) throw new BytesError('the record ends too early');
    return value;
  }

  flag(): boolean {
    const value = this.byte();
    if (value > 1) throw new BytesError(`${value} is neither yes nor no`);
    return value === 1;
  }

  whole(): number {
    let value = 0;
    let scale = 1;
    for (let position = 0; position < longestWhole; position += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    throw new BytesError('a number is too large');
  }

  /** A view of the record's own bytes. */
  bytes(): Uint8Array {
    return this.raw(this.whole());
  }

  raw(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#buffer.length) throw new BytesError('a byte string reaches past the end');
    const value = this.#buffer.subarray(this.#offset, end);
    this.#offset = end;
    return value;
  }

  text(): string {
    return Buffer.from(this.bytes()).toString('utf8');
  }

  id(): string {
    const start = this.#offset;
    this.raw(8);
    return this.#buffer.toString('hex', start, start + 8);
  }

  list<Item>(read: () => Item): Item[] {
    const count = this.whole();
    // Every item takes a byte at least: a claimed count is no reason to hold memory.
    if (count > this.#buffer.length - this.#offset) throw new BytesError('a list reaches past the end');
    return Array.from({ length: count }, read);
  }

  /** Nothing may be left. */
  end(): void {
    if (this.#offset !== this.#buffer.length) throw new BytesError('there are bytes after the end');
  }
}
