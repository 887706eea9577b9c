/**
 * From JSON to a protobuf message, byte for byte as Kubernetes' own encoder: fields by their numbers, values that Go has
 * no pointer for always there, maps by their keys. What the type does not know is left out.
 */
import type { ApiField, ApiType, FieldType, Registry, ScalarType } from '../registry.ts';
import { BackwardWriter } from './backward-writer.ts';
import { CodecError } from './codec-error.ts';
import type { Encoding } from './coding.ts';
import { compareAsBytes, isObject, type JsonObject, type JsonValue } from './json-value.ts';
import { wireTypes } from './reader.ts';
import { encodeSpecial } from './special-encode.ts';

const deepest = 200;

/** One message; not used twice. */
export class Encoder implements Encoding {
  readonly registry: Registry;
  readonly writer = new BackwardWriter();
  /** Where in the object the encoder is, for messages. */
  readonly #path: (string | number)[] = [];
  #depth = 0;

  constructor(registry: Registry) {
    this.registry = registry;
  }

  /** @param value null and undefined are Go's zero value. @throws CodecError */
  message(type: ApiType, value: JsonValue | undefined): void {
    if (value !== null && value !== undefined && !isObject(value)) throw this.wrongType('an object', value);
    this.#depth += 1;
    if (this.#depth > deepest)
      throw new CodecError('tooLarge', `It is nested deeper than ${deepest} objects.`, this.#path);
    for (const field of type.fromLast) {
      const own = field.inline === true ? (value ?? {}) : ownValue(value ?? {}, field.json);
      if (field.inline !== true) this.#path.push(field.json);
      this.#field(field, own);
      if (field.inline !== true) this.#path.pop();
    }
    this.#depth -= 1;
  }

  wrongType(wanted: string, value: JsonValue): CodecError {
    const found = Array.isArray(value)
      ? 'a list'
      : value === null
        ? 'null'
        : `a value of type ${typeof value}`;
    return new CodecError('wrongType', `It is ${found}; it has to be ${wanted}.`, this.#path);
  }

  #field(field: ApiField, value: JsonValue | undefined): void {
    const { shape } = field;
    if (shape === 'list') this.#list(field, value);
    else if (shape === 'map') this.#map(field, value);
    else if (!isAbsent(field, value)) this.#value(field.number, field.of, value);
  }

  #list(field: ApiField, value: JsonValue | undefined): void {
    if (value === null || value === undefined) return;
    if (!Array.isArray(value)) throw this.wrongType('a list', value);
    for (let index = value.length - 1; index >= 0; index -= 1) {
      this.#path.push(index);
      this.#value(field.number, field.of, value[index] as JsonValue);
      this.#path.pop();
    }
  }

  #map(field: ApiField, value: JsonValue | undefined): void {
    if (value === null || value === undefined) return;
    if (!isObject(value)) throw this.wrongType('an object', value);
    for (const name of Object.keys(value).sort(compareAsBytes).reverse()) {
      const end = this.writer.sizeBytes;
      this.#path.push(name);
      const item = value[name];
      const isMissing =
        field.of.kind === 'scalar' && field.of.scalar === 'bytes' && (item === null || item === undefined);
      if (!isMissing) this.#value(2, field.of, item);
      this.#path.pop();
      this.writer.string(name);
      this.writer.tag(1, wireTypes.bytes);
      this.#closeMessage(field.number, end);
    }
  }

  #value(number: number, of: FieldType, value: JsonValue | undefined): void {
    if (of.kind === 'scalar') {
      this.#scalar(number, of.scalar, value ?? null);
      return;
    }
    const end = this.writer.sizeBytes;
    if (of.kind === 'message') this.message(of.type, value);
    else encodeSpecial(this, of.special, value ?? null);
    this.#closeMessage(number, end);
  }

  /** @param end how much was written before the message was. */
  #closeMessage(number: number, end: number): void {
    this.writer.varint(this.writer.sizeBytes - end);
    this.writer.tag(number, wireTypes.bytes);
  }

  #scalar(number: number, scalar: ScalarType, value: JsonValue): void {
    const { writer } = this;
    switch (scalar) {
      case 'string':
        if (value !== null && typeof value !== 'string') throw this.wrongType('text', value);
        writer.string(value ?? '');
        writer.tag(number, wireTypes.bytes);
        return;
      case 'bytes':
        writer.bytes(this.#base64(value));
        writer.tag(number, wireTypes.bytes);
        return;
      case 'bool':
        if (value !== null && typeof value !== 'boolean') throw this.wrongType('true or false', value);
        writer.varint(value === true ? 1 : 0);
        writer.tag(number, wireTypes.varint);
        return;
      case 'double':
        if (value !== null && typeof value !== 'number') throw this.wrongType('a number', value);
        writer.double(value ?? 0);
        writer.tag(number, wireTypes.fixed64);
        return;
      default:
        writer.bigVarint(this.#integer(value ?? 0, scalar));
        writer.tag(number, wireTypes.varint);
    }
  }

  #integer(value: JsonValue, scalar: keyof typeof integerRanges): bigint {
    const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
    const [least, most] = integerRanges[scalar];
    const whole = isWhole ? BigInt(value as number | bigint) : null;
    if (whole === null || whole < least || whole > most) {
      throw this.wrongType(`a whole number from ${least} to ${most}`, value);
    }
    return whole;
  }

  #base64(value: JsonValue): Buffer {
    const isBase64 = typeof value === 'string' && /^(?:[A-Za-z0-9+/\r\n]*)={0,2}[\r\n]*$/.test(value);
    if (!isBase64) throw this.wrongType('text in base64', value);
    return Buffer.from(value, 'base64');
  }
}

const integerRanges = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

/** Only what the object has itself: a field may have the name of something that every object inherits. */
function ownValue(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** What Go has a pointer or a slice for is not written when it is nil. */
function isAbsent(field: ApiField, value: JsonValue | undefined): boolean {
  if (value !== null && value !== undefined) return false;
  const isSlice =
    (field.of.kind === 'scalar' && field.of.scalar === 'bytes') ||
    (field.of.kind === 'special' && field.of.special === 'strings');
  return field.isPointer || isSlice;
}
