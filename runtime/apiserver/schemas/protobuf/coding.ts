/** What the encodings of single types need of the decoder and encoder that call them. */
import type { ApiType, FieldType, Registry } from '../registry.ts';
import type { BackwardWriter } from './backward-writer.ts';
import type { JsonObject, JsonValue } from './json-value.ts';

export interface Decoding {
  readonly registry: Registry;
  message(type: ApiType, bytes: Buffer): JsonObject;
  value(of: FieldType, bytes: Buffer): JsonValue;
}

export interface Encoding {
  readonly registry: Registry;
  readonly writer: BackwardWriter;
  /** The fields of a message, without its length. */
  message(type: ApiType, value: JsonValue): void;
  /** Says where in the object the value is that does not fit. */
  wrongType(wanted: string, value: JsonValue): Error;
}
