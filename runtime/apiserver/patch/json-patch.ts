/** JSON patch (RFC 6902) on JSON values, with the limits and words of the real server. Pure: the document is left as it is. */
import { isSameJson, type JsonValue } from '../schemas/protobuf/json-value.ts';

/** A patch that is none (`malformed`), or one that does not fit the document (`inapplicable`). */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly code: 'malformed' | 'inapplicable' | 'tooLarge';

  constructor(code: PatchError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** (k8s.io/apiserver/pkg/endpoints/handlers/patch.go) */
const operationsLimit = 10_000;

type MutableJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | MutableJson[]
  | { [name: string]: MutableJson };

/** Applies the operations in order, all or none. Throws `PatchError`. */
export function applyJsonPatch(document: JsonValue, patch: unknown): JsonValue {
  if (!Array.isArray(patch)) throw malformed('a JSON patch is a list of operations');
  if (patch.length > operationsLimit) {
    throw new PatchError(
      'tooLarge',
      `The allowed maximum operations in a JSON patch is ${operationsLimit}, got ${patch.length}`,
    );
  }
  // A root of its own, so that the whole document can be replaced too.
  const root: { [name: string]: MutableJson } = { '': structuredClone(document) as MutableJson };
  for (const [index, operation] of patch.entries()) applyOperation(root, readOperation(operation, index));
  return root[''] as JsonValue;
}

type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly path: string; readonly from: string };

function readOperation(given: unknown, index: number): Operation {
  const operation = (given ?? {}) as { op?: unknown; path?: unknown; from?: unknown; value?: unknown };
  const { op, path, from } = operation;
  const where = `operation ${index} of the JSON patch`;
  if (typeof path !== 'string' || !isPointer(path)) throw malformed(`${where} has no path as of RFC 6901`);
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      if (!Object.hasOwn(operation, 'value')) throw malformed(`${where} (${op}) has no value`);
      return { op, path, value: operation.value as JsonValue };
    case 'remove':
      return { op, path };
    case 'move':
    case 'copy':
      if (typeof from !== 'string' || !isPointer(from))
        throw malformed(`${where} (${op}) has no from as of RFC 6901`);
      return { op, path, from };
    default:
      throw malformed(
        `${where}: ${JSON.stringify(op) ?? 'none'} is not add, remove, replace, move, copy or test`,
      );
  }
}

function applyOperation(root: { [name: string]: MutableJson }, operation: Operation): void {
  const { op, path } = operation;
  switch (op) {
    case 'add':
      add(root, path, structuredClone(operation.value) as MutableJson);
      break;
    case 'replace':
      set(root, path, structuredClone(operation.value) as MutableJson);
      break;
    case 'remove':
      remove(root, path);
      break;
    case 'test':
      if (!isSameJson(get(root, path), operation.value)) throw inapplicable(`testing value ${path} failed`);
      break;
    case 'copy':
      add(root, path, structuredClone(get(root, operation.from)));
      break;
    case 'move':
      move(root, operation.from, path);
      break;
  }
}

interface Place {
  readonly parent: MutableJson[] | { [name: string]: MutableJson };
  readonly name: string;
}

/** The parent of what a pointer names. */
function find(root: { [name: string]: MutableJson }, path: string): Place {
  const names = ['', ...path.split('/').slice(1).map(unescapeName)];
  let parent: MutableJson = root;
  for (const [depth, name] of names.entries()) {
    if (parent === null || typeof parent !== 'object') throw missing(path);
    if (depth === names.length - 1) return { parent, name };
    parent = child(parent, name, path);
  }
  throw missing(path);
}

function get(root: { [name: string]: MutableJson }, path: string): MutableJson {
  const { parent, name } = find(root, path);
  return child(parent, name, path);
}

function child(parent: Place['parent'], name: string, path: string): MutableJson {
  if (Array.isArray(parent))
    return parent[elementIndex(parent, name, path, parent.length - 1)] as MutableJson;
  if (!Object.hasOwn(parent, name)) throw missing(path);
  return parent[name] as MutableJson;
}

function add(root: { [name: string]: MutableJson }, path: string, value: MutableJson): void {
  const { parent, name } = find(root, path);
  if (!Array.isArray(parent)) define(parent, name, value);
  else if (name === '-') parent.push(value);
  else parent.splice(elementIndex(parent, name, path, parent.length), 0, value);
}

function set(root: { [name: string]: MutableJson }, path: string, value: MutableJson): void {
  const { parent, name } = find(root, path);
  child(parent, name, path);
  if (Array.isArray(parent)) parent[elementIndex(parent, name, path, parent.length - 1)] = value;
  else define(parent, name, value);
}

function move(root: { [name: string]: MutableJson }, from: string, path: string): void {
  if (path.startsWith(`${from}/`)) throw inapplicable(`${from} cannot be moved into itself`);
  const value = get(root, from);
  remove(root, from);
  add(root, path, value);
}

function remove(root: { [name: string]: MutableJson }, path: string): void {
  const { parent, name } = find(root, path);
  child(parent, name, path);
  if (path === '') root[''] = null;
  else if (Array.isArray(parent)) parent.splice(elementIndex(parent, name, path, parent.length - 1), 1);
  else delete parent[name];
}

/** `__proto__` is a name like any other in JSON. */
function define(parent: { [name: string]: MutableJson }, name: string, value: MutableJson): void {
  Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Negative ones count from the end, as the real server has it. */
function elementIndex(list: readonly MutableJson[], name: string, path: string, last: number): number {
  if (!/^(0|-?[1-9]\d{0,8})$/.test(name))
    throw inapplicable(`${path}: ${JSON.stringify(name)} is no index of a list`);
  const given = Number(name);
  const index = given < 0 ? given + list.length : given;
  if (index < 0 || index > last) throw missing(path);
  return index;
}

function isPointer(path: string): boolean {
  return path === '' || (path.startsWith('/') && !/~(?![01])/.test(path));
}

function unescapeName(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

function malformed(message: string): PatchError {
  return new PatchError('malformed', message);
}

function inapplicable(message: string): PatchError {
  return new PatchError('inapplicable', message);
}

function missing(path: string): PatchError {
  return inapplicable(`the document has nothing at ${JSON.stringify(path)}`);
}
