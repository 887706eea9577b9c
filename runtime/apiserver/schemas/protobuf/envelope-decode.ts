/** The envelope around an object on the wire: four bytes, then `runtime.Unknown` with kind, version and the message. */
import type { ApiType } from '../registry.ts';
import { CodecError } from './codec-error.ts';
import type { Decoding } from './coding.ts';
import type { JsonObject } from './json-value.ts';
import { bytesOf, stringsOf } from './reader.ts';

/** `k8s` and a zero byte. */
export const envelopeMark = Buffer.from('k8s\0');

export const unknownFields = { typeMeta: 1, raw: 2, contentEncoding: 3, contentType: 4 } as const;
export const typeMetaFields = { apiVersion: 1, kind: 2 } as const;

export function isEnveloped(bytes: Uint8Array): boolean {
  return bytes.length >= envelopeMark.length && envelopeMark.equals(bytes.subarray(0, envelopeMark.length));
}

/**
 * The object with its `kind` and `apiVersion`, in the order of Go's JSON.
 * @param expected what it is when its envelope does not say, as that of a watch event.
 */
export function decodeEnveloped(decoding: Decoding, bytes: Buffer, expected?: ApiType): JsonObject {
  if (!isEnveloped(bytes)) {
    throw new CodecError(
      'malformed',
      'This is no Kubernetes object: it does not begin with "k8s" and a zero byte.',
    );
  }
  const unknown = bytes.subarray(envelopeMark.length);
  const typeMeta = Buffer.concat(bytesOf(unknown, unknownFields.typeMeta));
  const apiVersion = stringsOf(typeMeta, typeMetaFields.apiVersion).at(-1) ?? '';
  const kind = stringsOf(typeMeta, typeMetaFields.kind).at(-1) ?? '';
  const raw = bytesOf(unknown, unknownFields.raw).at(-1) ?? Buffer.alloc(0);
  if (kind === '' && apiVersion === '' && expected !== undefined) return decoding.message(expected, raw);
  const type = decoding.registry.kind({ ...splitApiVersion(apiVersion), kind });
  if (type === null) {
    throw new CodecError(
      'unknownKind',
      `There is no kind "${kind}" in "${apiVersion}" that has a protobuf message.`,
    );
  }
  return { kind, apiVersion, ...decoding.message(type, raw) };
}

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: apiVersion.slice(0, Math.max(slash, 0)), version: apiVersion.slice(slash + 1) };
}
