/** Kubernetes objects as `application/vnd.kubernetes.protobuf`: between the bytes of a request or answer and JSON. */
import type { ApiType, Registry } from '../registry.ts';
import type { BackwardWriter } from './backward-writer.ts';
import { CodecError } from './codec-error.ts';
import { type DecodeLimits, Decoder } from './decode.ts';
import { Encoder } from './encode.ts';
import {
  decodeEnveloped,
  envelopeMark,
  splitApiVersion,
  typeMetaFields,
  unknownFields,
} from './envelope-decode.ts';
import type { JsonObject } from './json-value.ts';
import { wireTypes } from './reader.ts';

export interface DecodeOptions {
  readonly limits?: DecodeLimits;
  /** What it is when its envelope does not say. */
  readonly expected?: ApiType;
}

/** @returns the object as Go would write its JSON. @throws CodecError when the bytes are none, or of no kind that is known. */
export function decodeObject(registry: Registry, bytes: Uint8Array, options: DecodeOptions = {}): JsonObject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return decodeEnveloped(new Decoder(registry, options.limits), buffer, options.expected);
}

/**
 * @param object with `kind` and `apiVersion`. What its type does not know is left out.
 * @throws CodecError when its kind is not known, or a value does not fit.
 */
export function encodeObject(registry: Registry, object: JsonObject): Buffer {
  const { kind, apiVersion } = object;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') {
    throw new CodecError('unknownKind', 'The object has no kind and apiVersion.');
  }
  const type = registry.kind({ ...splitApiVersion(apiVersion), kind });
  if (type === null) {
    throw new CodecError(
      'unknownKind',
      `There is no kind "${kind}" in "${apiVersion}" that has a protobuf message.`,
    );
  }
  return encodeAs(registry, type, object, { kind, apiVersion });
}

/** A message in an envelope that says nothing of its kind unless it is told. @throws CodecError */
export function encodeAs(
  registry: Registry,
  type: ApiType,
  object: JsonObject,
  { kind, apiVersion }: { readonly kind: string; readonly apiVersion: string } = { kind: '', apiVersion: '' },
): Buffer {
  const encoder = new Encoder(registry);
  const { writer } = encoder;
  text(writer, unknownFields.contentType, '');
  text(writer, unknownFields.contentEncoding, '');
  nested(writer, unknownFields.raw, () => encoder.message(type, object));
  nested(writer, unknownFields.typeMeta, () => {
    text(writer, typeMetaFields.kind, kind);
    text(writer, typeMetaFields.apiVersion, apiVersion);
  });
  return Buffer.concat([envelopeMark, writer.finish()]);
}

function text(writer: BackwardWriter, field: number, value: string): void {
  writer.string(value);
  writer.tag(field, wireTypes.bytes);
}

function nested(writer: BackwardWriter, field: number, write: () => void): void {
  const end = writer.sizeBytes;
  write();
  writer.varint(writer.sizeBytes - end);
  writer.tag(field, wireTypes.bytes);
}
