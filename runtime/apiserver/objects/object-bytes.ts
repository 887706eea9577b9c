/**
 * Objects as the store has them: the JSON that most clients read, without a resource version, which is the revision that
 * the store knows anyway. Kind, apiVersion and metadata come first, so that the resource version is put in at a place
 * that is known, and nothing is parsed on the way out. The real server writes the same order.
 */

import { parseJson, stringifyJson } from './json-text.ts';

/** What every object of one kind begins with. */
export interface ObjectHead {
  /** `{"kind":"Pod","apiVersion":"v1","metadata":{` */
  readonly whole: Buffer;
}

const metadataStart = '"metadata":{';

export function objectHead(kind: string, apiVersion: string): ObjectHead {
  const type = `"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)}`;
  return { whole: Buffer.from(`{${type},${metadataStart}`) };
}

/** An object of the API; `metadata` is never empty, since everything that is stored has a name. */
export interface ApiObject {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** The part of metav1.ObjectMeta that the machinery reads. */
export interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The bytes to store. */
export function encodeForStore(object: ApiObject): Buffer {
  const { kind, apiVersion, metadata, ...others } = object;
  const { resourceVersion, ...kept } = metadata;
  return Buffer.from(stringifyJson({ kind, apiVersion, metadata: kept, ...others }));
}

/**
 * The object that was stored at this revision. Throws `SyntaxError` for bytes that are not JSON.
 * @param revision 0: it is not stored, and has no resource version
 */
export function decodeFromStore(bytes: Uint8Array, revision: number): ApiObject {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const object = parseJson(text) as unknown as ApiObject;
  if (revision === 0) return object;
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/**
 * The pieces that make the stored bytes an answer, to be written one after the other.
 * @param revision 0: it is not stored, and has no resource version
 * @param inTypedList in a list of its own kind an item does not repeat kind and apiVersion.
 * @returns null for bytes that do not begin with the head: another version wrote them, and they have to be decoded.
 */
export function servedPieces(
  stored: Uint8Array,
  head: ObjectHead,
  revision: number,
  { inTypedList }: { readonly inTypedList: boolean },
): readonly Uint8Array[] | null {
  const { whole } = head;
  if (stored.length <= whole.length || Buffer.compare(stored.subarray(0, whole.length), whole) !== 0)
    return null;
  const rest = stored.subarray(whole.length);
  if (revision === 0) return [inTypedList ? listItemHead : whole, rest];
  // An object without any metadata would need no comma.
  const separator = rest[0] === closingBrace ? '' : ',';
  const version = Buffer.from(`"resourceVersion":"${revision}"${separator}`);
  return inTypedList ? [listItemHead, version, rest] : [whole, version, rest];
}

const closingBrace = '}'.charCodeAt(0);
const listItemHead = Buffer.from(`{${metadataStart}`);
