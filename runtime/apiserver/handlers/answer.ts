/**
 * What a client is sent: an object or a list in the form it asked for. What is asked most, JSON as it is stored, is put
 * together from pieces of the store's own bytes.
 */
import { stringify as stringifyYaml } from 'yaml';
import { indentJson, stringifyJson } from '../objects/json-text.ts';
import type { ApiObject } from '../objects/object-bytes.ts';
import { decodeFromStore, type ObjectHead, objectHead, servedPieces } from '../objects/object-bytes.ts';
import type { AnswerForm } from '../request/accept.ts';
import { encodeObject } from '../schemas/protobuf/codec.ts';
import type { JsonObject, JsonValue } from '../schemas/protobuf/json-value.ts';
import type { Registry } from '../schemas/registry.ts';
import type { StoredList, StoredObject } from '../storage/object-store.ts';
import { type IncludedObject, makeTable, type TableMetadata } from '../tables/table.ts';
import type { ServedKind } from './served-kind.ts';

export interface AnswerOptions {
  readonly registry: Registry;
  readonly form: AnswerForm;
  /** For tables. */
  readonly includeObject: IncludedObject;
  readonly nowMs: number;
}

/** To be written one after the other. */
export type Pieces = readonly Uint8Array[];

const metaVersion = 'meta.k8s.io/v1';

export function answerObject(kind: ServedKind, object: StoredObject, options: AnswerOptions): Pieces {
  const { form } = options;
  if (isPlain(form)) return [...jsonOf(headOf(kind), object, false), newline];
  const decoded = decode(object);
  switch (form.as) {
    case 'Table':
      return write(makeTableOf(kind, [decoded], tableMetadata(decoded), options), options);
    case null:
      return write(decoded, options);
    default:
      return write(metadataOnly(decoded), options);
  }
}

/** Items of custom resources say what they are, others do not: their list does. */
export function answerList(kind: ServedKind, list: StoredList, options: AnswerOptions): Pieces {
  const { form } = options;
  const metadata = listMetadata(list);
  const listKind = `${kind.resource.kind}List`;
  if (isPlain(form)) {
    const head = `{"kind":${JSON.stringify(listKind)},"apiVersion":${JSON.stringify(kind.apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
    return [Buffer.from(head), ...joinItems(kind, list.items), Buffer.from(']}\n')];
  }
  const objects = list.items.map(decode);
  switch (form.as) {
    case 'Table':
      return write(makeTableOf(kind, objects, metadata, options), options);
    case null: {
      const items = objects.map((object) => (isCustom(kind) ? object : withoutKind(object)) as JsonObject);
      return write(
        { kind: listKind, apiVersion: kind.apiVersion, metadata: metadata as JsonObject, items },
        options,
      );
    }
    default: {
      const items = objects.map(metadataOnly) as JsonObject[];
      const partial = { kind: 'PartialObjectMetadataList', apiVersion: metaVersion };
      return write({ ...partial, metadata: metadata as JsonObject, items }, options);
    }
  }
}

/** The store's own form, which nothing has to be done to. */
function isPlain({ encoding, as, pretty }: AnswerForm): boolean {
  return encoding === 'json' && as === null && !pretty;
}

const [comma, newline] = [Buffer.from(','), Buffer.from('\n')];

function* joinItems(kind: ServedKind, items: readonly StoredObject[]): Generator<Uint8Array> {
  const head = headOf(kind);
  for (const [index, item] of items.entries()) {
    if (index > 0) yield comma;
    yield* jsonOf(head, item, !isCustom(kind));
  }
}

function isCustom({ type }: ServedKind): boolean {
  return type === null;
}

function withoutKind({ kind: _, apiVersion: __, ...item }: ApiObject): object {
  return item;
}

const heads = new WeakMap<ServedKind, ObjectHead>();

function headOf(kind: ServedKind): ObjectHead {
  const ready = heads.get(kind) ?? objectHead(kind.resource.kind, kind.apiVersion);
  heads.set(kind, ready);
  return ready;
}

function jsonOf(head: ObjectHead, object: StoredObject, inTypedList: boolean): Pieces {
  const pieces = servedPieces(object.bytes, head, object.revision, { inTypedList });
  if (pieces !== null) return pieces;
  // Somebody else has stored it, by etcd's API: in the order of others.
  const { kind, apiVersion, ...others } = decode(object);
  const whole = inTypedList ? others : { kind, apiVersion, ...others };
  return [Buffer.from(stringifyJson(whole))];
}

function decode({ bytes, revision }: StoredObject): ApiObject {
  return decodeFromStore(bytes, revision);
}

export function metadataOnly({ metadata }: ApiObject): JsonObject {
  return { kind: 'PartialObjectMetadata', apiVersion: metaVersion, metadata: metadata as JsonObject };
}

function listMetadata({ revision, continue: next, remaining }: StoredList): TableMetadata {
  return {
    resourceVersion: String(revision),
    ...(next === '' ? {} : { continue: next }),
    ...(remaining === null ? {} : { remainingItemCount: remaining }),
  };
}

function tableMetadata({ metadata }: ApiObject): TableMetadata {
  return { resourceVersion: metadata.resourceVersion ?? '' };
}

/** @param withColumns false in a watch from its second event on */
export function makeTableOf(
  { printer }: ServedKind,
  objects: readonly ApiObject[],
  metadata: TableMetadata,
  { includeObject, nowMs }: AnswerOptions,
  withColumns = true,
): JsonValue {
  const table = makeTable(printer, objects, metadata, {
    includeObject,
    nowMs,
    withColumns,
  });
  return table as unknown as JsonValue;
}

function write(value: JsonValue | ApiObject, { registry, form }: AnswerOptions): Pieces {
  return writeAnswer(value, registry, form);
}

/** Any object, in an encoding. */
export function writeAnswer(value: JsonValue | ApiObject, registry: Registry, form: AnswerForm): Pieces {
  switch (form.encoding) {
    case 'yaml':
      return [Buffer.from(stringifyYaml(value))];
    case 'protobuf':
      return [encodeObject(registry, value as JsonObject)];
    case 'json':
      if (form.pretty) return [Buffer.from(indentJson(stringifyJson(value)))];
      return [Buffer.from(stringifyJson(value)), newline];
  }
}
