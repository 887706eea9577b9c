/** The types whose JSON is not what their message says, to the wire. `special-decode.ts` is the way back. */
import { canonicalQuantity } from '../quantity.ts';
import type { SpecialType } from '../types-file.ts';
import type { Encoding } from './coding.ts';
import { isObject, type JsonValue } from './json-value.ts';
import { wireTypes } from './reader.ts';
import { schemaPropsType } from './special-decode.ts';
import { type Instant, parseDuration, parseTime } from './times.ts';

/** Writes the message's fields, without its length. Null is Go's zero value. */
export function encodeSpecial(encoding: Encoding, special: SpecialType, value: JsonValue): void {
  switch (special) {
    case 'time':
      encodeTime(encoding, value, () => 0);
      return;
    case 'microTime':
      encodeTime(encoding, value, ({ nanoseconds }) => nanoseconds - (nanoseconds % 1000));
      return;
    case 'duration':
      encodeDuration(encoding, value);
      return;
    case 'quantity':
      encodeQuantity(encoding, value);
      return;
    case 'intOrString':
      encodeIntOrString(encoding, value);
      return;
    case 'raw':
    case 'fields':
      if (value !== null) field(encoding, 1, JSON.stringify(value));
      return;
    case 'json':
      field(encoding, 1, JSON.stringify(value));
      return;
    case 'strings':
      encodeStrings(encoding, 1, value ?? []);
      return;
    case 'schemaOrArray':
    case 'schemaOrBool':
    case 'schemaOrStrings':
      encodeAlternative(encoding, special, value);
  }
}

function encodeTime(encoding: Encoding, value: JsonValue, nanoseconds: (instant: Instant) => number): void {
  if (value === null) return;
  const instant = typeof value === 'string' ? parseTime(value) : null;
  if (instant === null) throw encoding.wrongType('a time such as 2006-01-02T15:04:05Z', value);
  number(encoding, 2, BigInt(nanoseconds(instant)));
  number(encoding, 1, BigInt(instant.seconds));
}

function encodeDuration(encoding: Encoding, value: JsonValue): void {
  const duration = typeof value === 'string' ? parseDuration(value) : value === null ? 0n : null;
  if (duration === null) throw encoding.wrongType('a duration such as 1h30m', value);
  number(encoding, 1, duration);
}

/** A number in JSON is taken as its text, as Go does. */
function encodeQuantity(encoding: Encoding, value: JsonValue): void {
  const text = typeof value === 'number' ? String(value) : (value ?? '0');
  const quantity = typeof text === 'string' ? canonicalQuantity(text.trim()) : null;
  if (quantity === null) throw encoding.wrongType('a quantity such as 100m or 1Gi', value);
  field(encoding, 1, quantity);
}

function encodeIntOrString(encoding: Encoding, value: JsonValue): void {
  const isText = typeof value === 'string';
  const whole = isText || value === null ? 0 : value;
  if (typeof whole !== 'number' || !Number.isInteger(whole) || Math.abs(whole) > 2 ** 31) {
    throw encoding.wrongType('a whole number of 32 bits, or text', value);
  }
  field(encoding, 3, isText ? value : '');
  number(encoding, 2, BigInt(whole));
  number(encoding, 1, isText ? 1n : 0n);
}

function encodeStrings(encoding: Encoding, fieldNumber: number, value: JsonValue): void {
  if (!Array.isArray(value)) throw encoding.wrongType('a list of text', value);
  for (const item of value.toReversed() as JsonValue[]) {
    if (typeof item !== 'string') throw encoding.wrongType('text', item);
    field(encoding, fieldNumber, item);
  }
}

function encodeAlternative(
  encoding: Encoding,
  special: 'schemaOrArray' | 'schemaOrBool' | 'schemaOrStrings',
  value: JsonValue,
): void {
  if (special === 'schemaOrBool' && (typeof value === 'boolean' || value === null)) {
    number(encoding, 1, value === true ? 1n : 0n);
  } else if (special === 'schemaOrArray' && Array.isArray(value)) {
    for (const item of value.toReversed() as JsonValue[]) encodeSchema(encoding, 2, item);
  } else if (special === 'schemaOrStrings' && Array.isArray(value)) {
    encodeStrings(encoding, 2, value as readonly JsonValue[]);
  } else if (isObject(value)) {
    encodeSchema(encoding, special === 'schemaOrBool' ? 2 : 1, value);
    if (special === 'schemaOrBool') number(encoding, 1, 1n);
  } else if (value !== null) {
    throw encoding.wrongType('a schema', value);
  }
}

function encodeSchema(encoding: Encoding, fieldNumber: number, value: JsonValue): void {
  const end = encoding.writer.sizeBytes;
  encoding.message(encoding.registry.type(schemaPropsType)!, value);
  encoding.writer.varint(encoding.writer.sizeBytes - end);
  encoding.writer.tag(fieldNumber, wireTypes.bytes);
}

function field(encoding: Encoding, fieldNumber: number, text: string): void {
  encoding.writer.string(text);
  encoding.writer.tag(fieldNumber, wireTypes.bytes);
}

function number(encoding: Encoding, fieldNumber: number, value: bigint): void {
  encoding.writer.bigVarint(value);
  encoding.writer.tag(fieldNumber, wireTypes.varint);
}
