/** Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) within the bounds of its bytes. */
import { CodecError } from './codec-error.ts';

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const deepestGroup = 32;

export class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Of the field that `nextField` has come to. */
  number = 0;
  wireType = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Reads the number of the next field and how it is written; false at the end. */
  nextField(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    const tag = this.#smallVarint() ?? Number(this.varint());
    this.number = Math.floor(tag / 8);
    this.wireType = tag % 8;
    if (this.number < 1 || this.number > 0x1fffffff) throw malformed(`a field has the number ${this.number}`);
    return true;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** 64 bits without a sign. */
  varint(): bigint {
    const small = this.#smallVarint();
    if (small !== null) return BigInt(small);
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw malformed('a number is longer than 10 bytes');
  }

  /** 32 bits with a sign; Go cuts off what is more. */
  int32(): number {
    return this.#smallVarint() ?? Number(BigInt.asIntN(32, this.varint()));
  }

  boolean(): boolean {
    return this.varint() !== 0n;
  }

  /** A number of up to 28 bits, as most are; null, and nothing read, when it is longer. */
  #smallVarint(): number | null {
    let value = 0;
    for (let index = 0; index < 4; index += 1) {
      const byte = this.#bytes[this.#at + index];
      if (byte === undefined) return null;
      value |= (byte & 0x7f) << (index * 7);
      if (byte < 0x80) {
        this.#at += index + 1;
        return value;
      }
    }
    return null;
  }

  double(): number {
    return this.#take(8).readDoubleLE();
  }

  /** A part of the bytes that were given, not a copy. */
  bytes(): Buffer {
    return this.#take(this.#length());
  }

  string(): string {
    const end = this.#length() + this.#at;
    if (end > this.#bytes.length) throw malformed('it ends in the middle of a field');
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  #length(): number {
    // Beyond 2⁵³ it is no longer exact, and beyond the end either way.
    return this.#smallVarint() ?? Number(this.varint());
  }

  /** Passes over a field that is not known. */
  skip(depth = 0): void {
    switch (this.wireType) {
      case wireTypes.varint:
        this.varint();
        return;
      case wireTypes.fixed64:
        this.#take(8);
        return;
      case wireTypes.bytes:
        this.bytes();
        return;
      case wireTypes.fixed32:
        this.#take(4);
        return;
      case wireTypes.startGroup:
        this.#skipGroup(depth + 1);
        return;
      default:
        throw malformed(`a field is written in the way ${this.wireType}, which means nothing here`);
    }
  }

  #skipGroup(depth: number): void {
    if (depth > deepestGroup) throw new CodecError('tooLarge', 'groups are nested too deep');
    while (this.nextField()) {
      if (this.wireType === wireTypes.endGroup) return;
      this.skip(depth);
    }
    throw malformed('it ends in the middle of a group');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw malformed('it ends in the middle of a field');
    this.#at += 1;
    return byte;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed('it ends in the middle of a field');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

/** All numbers of a message, the last of each field. */
export function numbersOf(bytes: Buffer): ReadonlyMap<number, bigint> {
  const reader = new Reader(bytes);
  const numbers = new Map<number, bigint>();
  while (reader.nextField()) {
    if (reader.wireType === wireTypes.varint) numbers.set(reader.number, reader.varint());
    else reader.skip();
  }
  return numbers;
}

/** All values of one field that are text, messages or bytes. */
export function bytesOf(bytes: Buffer, wanted: number): readonly Buffer[] {
  const reader = new Reader(bytes);
  const found: Buffer[] = [];
  while (reader.nextField()) {
    if (reader.number === wanted && reader.wireType === wireTypes.bytes) found.push(reader.bytes());
    else reader.skip();
  }
  return found;
}

export function stringsOf(bytes: Buffer, wanted: number): readonly string[] {
  return bytesOf(bytes, wanted).map((part) => part.toString('utf8'));
}

function malformed(what: string): CodecError {
  return new CodecError('malformed', `This is no protobuf message: ${what}.`);
}
