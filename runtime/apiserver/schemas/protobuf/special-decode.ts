/** The types whose JSON is not what their message says, from the wire. `special-encode.ts` is the way back. */
import { canonicalQuantity } from '../quantity.ts';
import type { SpecialType } from '../types-file.ts';
import { CodecError } from './codec-error.ts';
import type { Decoding } from './coding.ts';
import { decodeEnveloped, isEnveloped } from './envelope-decode.ts';
import type { JsonValue } from './json-value.ts';
import { bytesOf, numbersOf, stringsOf } from './reader.ts';
import { formatDuration, formatTime, type Instant, zeroSeconds } from './times.ts';

export const schemaPropsType = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

/** @param bytes the message; empty ones stand for Go's zero value. */
export function decodeSpecial(decoder: Decoding, special: SpecialType, bytes: Buffer): JsonValue {
  switch (special) {
    case 'time':
      return decodeTime(bytes, 0);
    case 'microTime':
      return decodeTime(bytes, 6);
    case 'duration':
      return formatDuration(BigInt.asIntN(64, numbersOf(bytes).get(1) ?? 0n));
    case 'quantity':
      return decodeQuantity(stringsOf(bytes, 1).at(-1) || '0');
    case 'intOrString':
      return decodeIntOrString(bytes);
    case 'raw':
    case 'json':
    case 'fields':
      return decodeRaw(decoder, bytes);
    case 'strings':
      return stringsOf(bytes, 1);
    case 'schemaOrArray':
    case 'schemaOrBool':
    case 'schemaOrStrings':
      return decodeAlternative(decoder, special, bytes);
  }
}

function decodeQuantity(text: string): string {
  const quantity = canonicalQuantity(text);
  if (quantity === null) throw new CodecError('malformed', `"${text.slice(0, 40)}" is no quantity.`);
  return quantity;
}

function decodeTime(bytes: Buffer, fractionDigits: 0 | 6): string | null {
  if (bytes.length === 0) return null;
  const numbers = numbersOf(bytes);
  const instant: Instant = {
    seconds: Number(BigInt.asIntN(64, numbers.get(1) ?? 0n)),
    nanoseconds: Number(BigInt.asIntN(32, numbers.get(2) ?? 0n)),
  };
  const isInRange = instant.nanoseconds >= 0 && instant.nanoseconds < 1e9;
  const text = isInRange || fractionDigits === 0 ? formatTime(instant, fractionDigits) : null;
  if (text === null) throw new CodecError('malformed', 'A time is not between the years 1 and 9999.');
  const isZero = instant.seconds === zeroSeconds && (fractionDigits === 0 || instant.nanoseconds < 1000);
  return isZero ? null : text;
}

/** 1: which of the two; 2: the number; 3: the text. */
function decodeIntOrString(bytes: Buffer): JsonValue {
  const numbers = numbersOf(bytes);
  if ((numbers.get(1) ?? 0n) === 0n) return Number(BigInt.asIntN(32, numbers.get(2) ?? 0n));
  if (numbers.get(1) === 1n) return stringsOf(bytes, 3).at(-1) ?? '';
  throw new CodecError('malformed', 'A number or text is neither.');
}

/** JSON as text, or an object as protobuf in its envelope. */
function decodeRaw(decoder: Decoding, bytes: Buffer): JsonValue {
  const raw = bytesOf(bytes, 1).at(-1);
  if (raw === undefined || raw.length === 0) return null;
  if (isEnveloped(raw)) return decodeEnveloped(decoder, raw);
  try {
    return JSON.parse(raw.toString('utf8')) as JsonValue;
  } catch (cause) {
    throw new CodecError('malformed', `An embedded object is not JSON: ${(cause as Error).message}`);
  }
}

/** A schema (in field 1, but for `schemaOrBool`), or something else that says less. */
function decodeAlternative(
  decoder: Decoding,
  special: 'schemaOrArray' | 'schemaOrBool' | 'schemaOrStrings',
  bytes: Buffer,
): JsonValue {
  const schema = decoder.registry.type(schemaPropsType)!;
  const decodeOne = (part: Buffer): JsonValue => decoder.value({ kind: 'message', type: schema }, part);
  const single = bytesOf(bytes, special === 'schemaOrBool' ? 2 : 1).at(-1);
  const several = special === 'schemaOrArray' ? bytesOf(bytes, 2) : [];
  if (several.length > 0) return several.map(decodeOne);
  if (special === 'schemaOrStrings' && stringsOf(bytes, 2).length > 0) return stringsOf(bytes, 2);
  if (single !== undefined) return decodeOne(single);
  return special === 'schemaOrBool' ? numbersOf(bytes).get(1) === 1n : null;
}
