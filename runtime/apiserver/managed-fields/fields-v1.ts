/** FieldsV1: the JSON in which `metadata.managedFields` has a set of fields. */
import { isObject, type JsonObject, type JsonValue, setOwn } from '../schemas/protobuf/json-value.ts';
import { compareElements, readElement } from './element.ts';
import { type FieldSet, isEmptySet } from './field-set.ts';
import { ManagedFieldsError } from './managed-fields-error.ts';

/** An object that has fields deeper than this is taken from nobody. */
const deepest = 200;

/** @throws ManagedFieldsError when it is no FieldsV1. Kinds of elements that a later version may know are passed over. */
export function readFieldsV1(json: unknown, depth = 0): FieldSet {
  if (!isObject(json))
    throw new ManagedFieldsError('malformed', 'fieldsV1 holds something that is no object');
  if (depth > deepest) throw new ManagedFieldsError('malformed', `fieldsV1 is deeper than ${deepest} fields`);
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [text, below] of Object.entries(json)) {
    if (text === '.') continue;
    if (!/^[fkvi]:/.test(text)) continue;
    const element = readElement(text);
    if (element === null)
      throw new ManagedFieldsError(
        'malformed',
        `fieldsV1 has ${JSON.stringify(text.slice(0, 100))}, which is no field`,
      );
    const child = readFieldsV1(below, depth + 1);
    if (isEmptySet(child) || Object.hasOwn(below as object, '.')) members.add(element);
    if (!isEmptySet(child)) children.set(element, child);
  }
  return { members, children };
}

/** In the order in which Go writes it. */
export function formatFieldsV1(set: FieldSet): JsonObject {
  const json: JsonObject = {};
  const elements = new Set([...set.members, ...set.children.keys()]);
  for (const element of [...elements].sort(compareElements)) {
    const child = set.children.get(element);
    const below: JsonObject = child === undefined ? {} : formatFieldsV1(child);
    const value: JsonValue = child !== undefined && set.members.has(element) ? { '.': {}, ...below } : below;
    setOwn(json, element, value);
  }
  return json;
}
