/**
 * From a protobuf message to the JSON that a Kubernetes API server would give for it: names, order, and which empty
 * values are there (`null`, `{}`, `""`) are those of Go's encoder. Fields that are not known are passed over, as there.
 */
import type { ApiField, ApiType, FieldType, Registry, ScalarType } from '../registry.ts';
import { CodecError } from './codec-error.ts';
import type { Decoding } from './coding.ts';
import { compareAsBytes, type JsonObject, type JsonValue, setOwn } from './json-value.ts';
import { Reader, wireTypes } from './reader.ts';
import { decodeSpecial } from './special-decode.ts';

export interface DecodeLimits {
  /** Messages within messages. */
  readonly deepest: number;
  /** Values of all kinds. Without a limit a few bytes become a large object each. */
  readonly mostValues: number;
}

/** Enough for every object of 3 MiB, the largest that is taken. */
export const requestLimits: DecodeLimits = { deepest: 200, mostValues: 1_000_000 };

/** Of one field, while its message is read. */
type Found = JsonValue | Map<string, JsonValue> | Buffer | undefined;

const nothing = Buffer.alloc(0);

/** One message; not used twice. */
export class Decoder implements Decoding {
  readonly registry: Registry;
  readonly #limits: DecodeLimits;
  #depth = 0;
  #values = 0;

  constructor(registry: Registry, limits: DecodeLimits = requestLimits) {
    this.registry = registry;
    this.#limits = limits;
  }

  /** @throws CodecError */
  message(type: ApiType, bytes: Buffer): JsonObject {
    this.#depth += 1;
    if (this.#depth > this.#limits.deepest) {
      throw new CodecError('tooLarge', `It is nested deeper than ${this.#limits.deepest} messages.`);
    }
    const object = this.#toJson(type, this.#readFields(type, bytes));
    this.#depth -= 1;
    return object;
  }

  /** What is on the wire, by the field's index; the last of a field that is there only once counts, but messages are joined. */
  #readFields(type: ApiType, bytes: Buffer): readonly Found[] {
    const reader = new Reader(bytes);
    const found: Found[] = new Array(type.fields.length).fill(undefined);
    while (reader.nextField()) {
      const field = type.byNumber.get(reader.number);
      if (field === undefined) reader.skip();
      else found[field.index] = this.#readField(reader, field, found[field.index]);
    }
    for (let index = 0; index < found.length; index += 1) {
      const part = found[index];
      if (part instanceof Buffer) found[index] = this.value(type.fields[index]!.of, part);
    }
    return found;
  }

  /** @param before what was found of this field so far. A single message stays bytes until all of it was found. */
  #readField(reader: Reader, field: ApiField, before: Found): Found {
    if (field.shape === 'list') {
      const list = (before ?? []) as JsonValue[];
      this.#readItems(reader, field, list);
      return list;
    }
    if (field.shape === 'map') {
      const map = (before ?? new Map<string, JsonValue>()) as Map<string, JsonValue>;
      this.#readEntry(reader, field, map);
      return map;
    }
    if (field.of.kind === 'scalar') return this.#scalar(reader, field.of.scalar, field);
    const part = this.#bytesOf(reader, field);
    return before instanceof Buffer ? Buffer.concat([before, part]) : part;
  }

  #readItems(reader: Reader, field: ApiField, list: JsonValue[]): void {
    if (field.of.kind !== 'scalar') {
      list.push(this.value(field.of, this.#bytesOf(reader, field)));
      return;
    }
    const { scalar } = field.of;
    const isPacked = reader.wireType === wireTypes.bytes && wireTypeOf(scalar) !== wireTypes.bytes;
    if (!isPacked) {
      list.push(this.#scalar(reader, scalar, field));
      return;
    }
    const packed = new Reader(reader.bytes());
    packed.wireType = wireTypeOf(scalar);
    while (!packed.isAtEnd) list.push(this.#scalar(packed, scalar, field));
  }

  /** A map is a list of messages with a key (1) and a value (2). */
  #readEntry(reader: Reader, field: ApiField, map: Map<string, JsonValue>): void {
    const entry = new Reader(this.#bytesOf(reader, field));
    let key = '';
    let value: JsonValue | undefined;
    while (entry.nextField()) {
      if (entry.number === 1) key = this.#scalar(entry, 'string', field) as string;
      else if (entry.number !== 2) entry.skip();
      else if (field.of.kind === 'scalar') value = this.#scalar(entry, field.of.scalar, field);
      else value = this.value(field.of, this.#bytesOf(entry, field));
    }
    map.set(key, value ?? this.#zero(field.of));
    this.#count();
  }

  #bytesOf(reader: Reader, field: ApiField): Buffer {
    if (reader.wireType !== wireTypes.bytes) throw wrongWireType(field, reader.wireType);
    return reader.bytes();
  }

  /** A message, or a type with an encoding of its own. */
  value(of: FieldType, bytes: Buffer): JsonValue {
    this.#count();
    if (of.kind === 'message') return this.message(of.type, bytes);
    if (of.kind === 'special') return decodeSpecial(this, of.special, bytes);
    throw new Error('a scalar has no bytes of its own');
  }

  #scalar(reader: Reader, scalar: ScalarType, field: ApiField): JsonValue {
    this.#count();
    if (reader.wireType !== wireTypeOf(scalar)) throw wrongWireType(field, reader.wireType);
    switch (scalar) {
      case 'string':
        return reader.string();
      case 'bytes':
        return reader.bytes().toString('base64');
      case 'double':
        return finite(reader.double(), field);
      case 'bool':
        return reader.boolean();
      case 'int32':
        return reader.int32();
      case 'uint32':
        return Number(BigInt.asUintN(32, reader.varint()));
      case 'int64':
        return fromBig(BigInt.asIntN(64, reader.varint()));
      case 'uint64':
        return fromBig(reader.varint());
    }
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > this.#limits.mostValues) {
      throw new CodecError('tooLarge', `It holds more than ${this.#limits.mostValues} values.`);
    }
  }

  #toJson(type: ApiType, found: readonly Found[]): JsonObject {
    const object: JsonObject = {};
    for (const field of type.fields) {
      const value = found[field.index];
      if (field.inline === true) {
        Object.assign(object, value ?? this.#zero(field.of));
      } else if (field.shape !== 'single') {
        const filled = value instanceof Map ? fromMap(value) : value;
        if (filled !== undefined) object[field.json] = filled as JsonValue;
        else if (field.omitEmpty !== true) object[field.json] = null;
      } else {
        this.#setSingle(object, field, value as JsonValue | undefined);
      }
    }
    return object;
  }

  #setSingle(object: JsonObject, field: ApiField, value: JsonValue | undefined): void {
    const { omitEmpty } = field;
    if (field.isPointer) {
      if (value !== undefined) object[field.json] = value;
      else if (omitEmpty !== true) object[field.json] = null;
      return;
    }
    const written = value ?? this.#zero(field.of);
    // Go leaves out empty scalars and lists, but no structs.
    const isLeftOut = omitEmpty === true && isEmptyInGo(field.of, written);
    if (!isLeftOut) object[field.json] = written;
  }

  #zero(of: FieldType): JsonValue {
    if (of.kind === 'message') return this.message(of.type, nothing);
    if (of.kind === 'special')
      return of.special === 'strings' ? null : decodeSpecial(this, of.special, nothing);
    if (of.scalar === 'string') return '';
    if (of.scalar === 'bytes') return null;
    return of.scalar === 'bool' ? false : 0;
  }
}

function wireTypeOf(scalar: ScalarType): number {
  if (scalar === 'string' || scalar === 'bytes') return wireTypes.bytes;
  return scalar === 'double' ? wireTypes.fixed64 : wireTypes.varint;
}

function isEmptyInGo(of: FieldType, value: JsonValue): boolean {
  if (of.kind === 'special')
    return of.special === 'strings' && (value === null || (value as []).length === 0);
  return of.kind === 'scalar' && (value === null || value === '' || value === 0 || value === false);
}

function fromMap(map: ReadonlyMap<string, JsonValue>): JsonObject {
  const object: JsonObject = {};
  for (const name of [...map.keys()].sort(compareAsBytes)) setOwn(object, name, map.get(name)!);
  return object;
}

function fromBig(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** JSON has no other numbers. */
function finite(value: number, field: ApiField): number {
  if (Number.isFinite(value)) return value;
  throw new CodecError('malformed', `The field ${field.json} is ${value}, which JSON cannot say.`);
}

function wrongWireType(field: ApiField, wireType: number): CodecError {
  return new CodecError(
    'malformed',
    `This is no protobuf message: the field ${field.json || field.number} is written in the way ${wireType}.`,
  );
}
