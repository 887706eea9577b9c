/** The body of a request, in whichever encoding it came, as an object; and what field validation says of it. */
import { duplicateFields } from '../objects/duplicate-fields.ts';
import { parseJson } from '../objects/json-text.ts';
import { deepestNesting, isNestedDeeper } from '../objects/nesting.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { type Encoding, encodingOfBody } from '../request/accept.ts';
import { decodeObject } from '../schemas/protobuf/codec.ts';
import { CodecError } from '../schemas/protobuf/codec-error.ts';
import type { JsonObject, JsonValue } from '../schemas/protobuf/json-value.ts';
import type { ApiType, Registry } from '../schemas/registry.ts';
import { ApiError, invalid } from '../status.ts';
import { asApiObject } from './check-body.ts';
import { readYaml } from './read-yaml.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface BodyText {
  readonly value: JsonValue;
  /** Paths of fields that stand twice in JSON. */
  readonly duplicates: readonly string[];
  /** What is to be said of keys that stand twice in YAML; '' where there are none. */
  readonly repeated: string;
}

/** What the body has to be one of. */
export interface BodyKind {
  readonly type: ApiType | null;
  readonly unknownFields: (object: unknown) => readonly string[];
  /** What a body is that does not say. Null: it has to, as custom resources do. */
  readonly unsaid: { readonly kind: string; readonly apiVersion: string } | null;
}

export interface Body {
  readonly object: ApiObject;
  /** For the `Warning` headers. */
  readonly warnings: readonly string[];
}

/** @param text of the query; '' is `Warn`. @throws ApiError (422) */
export function readFieldValidation(text: string): FieldValidation {
  if (text === '') return 'Warn';
  if (text === 'Ignore' || text === 'Warn' || text === 'Strict') return text;
  const message = `Unsupported value: ${JSON.stringify(text)}: supported values: "", "Ignore", "Strict", "Warn"`;
  const error = { reason: 'FieldValueNotSupported', field: 'fieldValidation', message } as const;
  throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [error]);
}

/** @param takesProtobuf custom resources have none. @throws ApiError (415) */
export function readEncoding(contentType: string | undefined, takesProtobuf: boolean): Encoding {
  const encoding = encodingOfBody(contentType);
  if (encoding !== null && (takesProtobuf || encoding !== 'protobuf')) return encoding;
  const protobuf = takesProtobuf ? ', application/vnd.kubernetes.protobuf' : '';
  const known = `application/json, application/yaml${protobuf}`;
  throw new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${known}`,
  );
}

/** JSON or YAML as a value: a body, or a patch. @throws ApiError (400) */
export function readText(bytes: Uint8Array, encoding: 'json' | 'yaml'): BodyText {
  const text = decodeUtf8(bytes);
  if (encoding === 'json') return readJson(text, bytes);
  // What calls itself YAML is mostly JSON, which is YAML too and much quicker to read.
  const json = readJsonInYaml(text, bytes);
  if (json === null) return readTextOfYaml(text);
  if (json.duplicates.length === 0) return json;
  return { ...json, duplicates: [], repeated: readTextOfYaml(text).repeated };
}

function readJsonInYaml(text: string, bytes: Uint8Array): BodyText | null {
  try {
    return readJson(text, bytes);
  } catch {
    return null;
  }
}

/** @throws ApiError (400) */
export function readBody(
  registry: Registry,
  kind: BodyKind,
  bytes: Uint8Array,
  encoding: Encoding,
  validation: FieldValidation,
): Body {
  if (encoding === 'protobuf') {
    return { object: withKind(readProtobuf(registry, kind.type, bytes), kind.unsaid), warnings: [] };
  }
  const { value, duplicates, repeated } = readText(bytes, encoding);
  const object = withKind(asApiObject(value), kind.unsaid);
  if (validation === 'Ignore') return { object, warnings: [] };
  const faults = [
    ...(repeated === '' ? [] : [repeated]),
    ...kind.unknownFields(object).map((path) => `unknown field "${path}"`),
    ...duplicates.map((path) => `duplicate field "${path}"`),
  ];
  if (validation === 'Warn' || faults.length === 0) return { object, warnings: faults.map(inOneLine) };
  const { kind: name, apiVersion } = object as { kind?: string; apiVersion?: string };
  const version = (apiVersion ?? '').split('/').at(-1);
  throw new ApiError(
    'BadRequest',
    `${name} in version "${version}" cannot be handled as a ${name}: strict decoding error: ${faults.join(', ')}`,
  );
}

/** A header has one line. */
export function inOneLine(sentence: string): string {
  return sentence.replaceAll(/\s+/g, ' ');
}

/** (k8s.io/apimachinery/pkg/runtime/serializer/json, gvkWithDefaults) */
function withKind(object: ApiObject, unsaid: BodyKind['unsaid']): ApiObject {
  if (unsaid === null) return object;
  return { ...object, kind: object.kind || unsaid.kind, apiVersion: object.apiVersion || unsaid.apiVersion };
}

function readJson(text: string, bytes: Uint8Array): BodyText {
  if (isNestedDeeper(bytes)) {
    throw new ApiError('BadRequest', `the body is nested more than ${deepestNesting} levels deep`);
  }
  try {
    return { value: parseJson(text), duplicates: duplicateFields(text), repeated: '' };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ApiError('BadRequest', `the body is not JSON: ${error.message}`);
  }
}

function readTextOfYaml(text: string): BodyText {
  try {
    const { value, repeated } = readYaml(text);
    // Dates and the like become what they are in JSON; and so deep a value is refused as JSON is.
    const json = JSON.stringify(value) ?? 'null';
    return { ...readJson(json, Buffer.from(json)), repeated };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const [why = ''] = String(error instanceof Error ? error.message : error).split('\n');
    throw new ApiError('BadRequest', `the body is not YAML: ${why}`);
  }
}

function readProtobuf(registry: Registry, type: ApiType | null, bytes: Uint8Array): ApiObject {
  if (type === null) throw new ApiError('BadRequest', 'objects of this kind are not written in protobuf');
  return asApiObject(decodeBody(registry, bytes, type));
}

/** A body in protobuf. @param expected what it is when it does not say. @throws ApiError (400) */
export function decodeBody(registry: Registry, bytes: Uint8Array, expected: ApiType): JsonObject {
  try {
    return decodeObject(registry, bytes, { expected });
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ApiError('BadRequest', `the body is not an object in protobuf: ${error.message}`);
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ApiError('BadRequest', 'the body is not UTF-8');
  }
}
