/**
 * Strategic merge patch: a merge patch that knows the object's type, so that lists are merged by their keys. Directives say
 * more: `$patch`, `$retainKeys`, `$setElementOrder/<list>`, `$deleteFromPrimitiveList/<list>`. The semantics and sentences
 * are those of k8s.io/apimachinery/pkg/util/strategicpatch; `strategic-lists.ts` has what is done with a list. Pure.
 */
import { isObject, type JsonObject, type JsonValue, setOwn } from '../schemas/protobuf/json-value.ts';
import type { ApiField, ApiType, FieldType } from '../schemas/registry.ts';
import { formatAsGo } from './go-format.ts';
import { PatchError } from './json-patch.ts';
import { deleteScalars, type ListMerge, mergeList, orderList } from './strategic-lists.ts';

const orderPrefix = '$setElementOrder/';
const deletePrefix = '$deleteFromPrimitiveList/';

/** What the values of an object are: fields of a type, or all of the same. Null for what has no fields. */
type Holder = ApiType | { readonly values: FieldType } | null;

/** The object after the patch. Throws `PatchError`. */
export function applyStrategicMergePatch(type: ApiType, object: JsonObject, patch: unknown): JsonObject {
  if (!isObject(patch)) throw new PatchError('malformed', 'invalid JSON document');
  return mergeObject(object, patch, type);
}

function mergeObject(before: JsonObject, patch: JsonObject, holder: Holder): JsonObject {
  if (Object.hasOwn(patch, '$patch')) return replaceObject(patch);
  const after = new Map(entriesOf(before));
  const rest = new Map(entriesOf(patch));
  retainKeys(after, rest);
  for (const [name, value] of rest) {
    if (name.startsWith(orderPrefix)) mergeOrdered(after, rest, name, value, holder);
  }
  for (const [name, value] of rest) {
    if (name.startsWith(deletePrefix))
      deleteFromList(after, name.slice(deletePrefix.length), value, name, holder);
    else if (value === null) after.delete(name);
    else mergeValue(after, name, value, holder);
  }
  return toObject(after);
}

/** With `replace` the patch is all there is afterwards, with `delete` nothing is. */
function replaceObject(patch: JsonObject): JsonObject {
  const { $patch, ...rest } = patch;
  if ($patch === 'replace') return rest;
  if ($patch === 'delete') return {};
  throw inapplicable(`unknown patch type: ${formatAsGo($patch ?? null)} in map: ${formatAsGo(patch)}`);
}

/** `$retainKeys` names all fields that may be there afterwards: of a union, the one that is set clears the others. */
function retainKeys(after: Map<string, JsonValue>, patch: Map<string, JsonValue>): void {
  if (!patch.has('$retainKeys')) return;
  const retained = patch.get('$retainKeys');
  patch.delete('$retainKeys');
  const badFormat = new PatchError('malformed', 'invalid patch format of retainKeys');
  if (!Array.isArray(retained)) throw badFormat;
  const names = new Set<unknown>(retained);
  for (const [name, value] of patch) {
    const isDirective = name.startsWith(orderPrefix) || name.startsWith(deletePrefix);
    if (value !== null && !isDirective && !names.has(name)) throw badFormat;
  }
  for (const name of after.keys()) if (!names.has(name)) after.delete(name);
}

/** A list of the patch and the order that the patch gives belong together; both are done with here. */
function mergeOrdered(
  after: Map<string, JsonValue>,
  patch: Map<string, JsonValue>,
  directive: string,
  order: JsonValue,
  holder: Holder,
): void {
  patch.delete(directive);
  const name = directive.slice(orderPrefix.length);
  const before = after.has(name) ? listOf(after.get(name)!) : null;
  const given = patch.has(name) && patch.get(name) !== null ? listOf(patch.get(name)!) : null;
  const wanted = listOf(order);
  const field = fieldOf(holder, name);
  const merge = listMerge(field);
  // A list that goes as a whole has no order.
  if (patch.get(name) === null || (before === null && given === null)) return;
  patch.delete(name);
  after.set(name, orderList(before, given, wanted, merge, isMerged(field)));
}

function deleteFromList(
  after: Map<string, JsonValue>,
  name: string,
  value: JsonValue,
  directive: string,
  holder: Holder,
): void {
  if (name === '' || !Array.isArray(value)) {
    throw new PatchError('malformed', `invalid patch format of primitive list: ${directive}`);
  }
  const before = after.get(name);
  fieldOf(holder, name);
  if (Array.isArray(before)) after.set(name, deleteScalars(before, value));
}

function mergeValue(after: Map<string, JsonValue>, name: string, value: JsonValue, holder: Holder): void {
  const before = after.get(name);
  if (isObject(before) && isObject(value)) {
    const field = fieldOf(holder, name);
    const isReplaced = strategies(field).includes('replace');
    after.set(name, isReplaced ? withoutDirectives(value) : mergeObject(before, value, holderOf(field)));
  } else if (Array.isArray(before) && Array.isArray(value)) {
    const field = fieldOf(holder, name);
    after.set(name, isMerged(field) ? mergeList(before, value, listMerge(field)) : withoutDirectives(value));
  } else if (isDirected(value)) {
    after.delete(name);
  } else {
    after.set(name, withoutDirectives(value));
  }
}

/** Null when all values of the object are the same, and none has a strategy. */
function fieldOf(
  holder: Holder,
  name: string,
): ApiField | { readonly of: FieldType; readonly shape: 'single' } {
  if (holder === null) return { of: { kind: 'special', special: 'raw' }, shape: 'single' };
  if ('values' in holder) return { of: holder.values, shape: 'single' };
  const field = findField(holder, name);
  if (field !== null) return field;
  const struct = holder.name.slice(holder.name.lastIndexOf('.') + 1);
  throw inapplicable(
    `unable to find api field in struct ${struct} for the json field ${JSON.stringify(name)}`,
  );
}

function findField(type: ApiType, name: string): ApiField | null {
  for (const field of type.fields) {
    if (field.json === name && name !== '') return field;
    if (field.inline !== true || field.of.kind !== 'message') continue;
    const inner = findField(field.of.type, name);
    if (inner !== null) return inner;
  }
  return null;
}

type Found = ReturnType<typeof fieldOf>;

function strategies(field: Found): readonly string[] {
  return 'patchStrategy' in field ? (field.patchStrategy ?? '').split(',') : [];
}

function isMerged(field: Found): boolean {
  return strategies(field).includes('merge');
}

function holderOf(field: Found): Holder {
  if (field.shape === 'map') return { values: field.of };
  return field.of.kind === 'message' ? field.of.type : null;
}

function listMerge(field: Found): ListMerge {
  const inner = field.of.kind === 'message' ? field.of.type : null;
  return {
    mergeKey: 'patchMergeKey' in field ? (field.patchMergeKey ?? null) : null,
    mergeItems: (before, patch) => mergeObject(before, patch, inner),
    clean: withoutDirectives,
  };
}

/** What the object did not have is taken as it stands: nulls and directives have nothing to act on. */
function withoutDirectives<T extends JsonValue>(value: T): T;
function withoutDirectives(value: JsonValue): JsonValue {
  if (Array.isArray(value)) {
    return value.filter((item) => !isDirected(item)).map((item) => withoutDirectives(item as JsonValue));
  }
  if (!isObject(value)) return value;
  const entries = entriesOf(value).filter(
    ([name, item]) => item !== null && !isDirective(name) && !isDirected(item),
  );
  return toObject(new Map(entries.map(([name, item]) => [name, withoutDirectives(item)])));
}

function isDirected(value: JsonValue): boolean {
  return isObject(value) && Object.hasOwn(value, '$patch');
}

function isDirective(name: string): boolean {
  return (
    name === '$patch' ||
    name === '$retainKeys' ||
    name.startsWith(orderPrefix) ||
    name.startsWith(deletePrefix)
  );
}

function listOf(value: JsonValue): readonly JsonValue[] {
  if (Array.isArray(value)) return value;
  throw inapplicable(`expected a list, but received ${formatAsGo(value)}`);
}

function entriesOf(object: JsonObject): [string, JsonValue][] {
  return Object.entries(object).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}

function toObject(entries: ReadonlyMap<string, JsonValue>): JsonObject {
  const object: JsonObject = {};
  for (const [name, value] of entries) setOwn(object, name, value);
  return object;
}

function inapplicable(message: string): PatchError {
  return new PatchError('inapplicable', message);
}
