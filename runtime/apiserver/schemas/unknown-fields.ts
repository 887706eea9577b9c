/**
 * Fields of an object that its type does not have: what field validation warns of or refuses. Custom resources have
 * schemas of their own.
 */
import { isObject } from './protobuf/json-value.ts';
import type { ApiField, ApiType } from './registry.ts';

/** More are not listed. */
const mostPaths = 100;

/**
 * @param object as it came, of any shape; what does not fit its type is not this function's business.
 * @returns paths as the real server names them, for example `spec.template.spec.containers[0].foo`.
 */
export function unknownFields(type: ApiType, object: unknown): readonly string[] {
  const found: string[] = [];
  visit(type, object, '', found);
  return found;
}

function visit(type: ApiType, value: unknown, path: string, found: string[]): void {
  if (!isObject(value)) return;
  const known = fieldsByName(type);
  for (const [name, item] of Object.entries(value)) {
    if (found.length >= mostPaths) return;
    const field = known.get(name);
    const itemPath = path === '' ? name : `${path}.${name}`;
    if (field !== undefined) visitField(field, item, itemPath, found);
    else if (!type.isKind || (name !== 'kind' && name !== 'apiVersion')) found.push(itemPath);
  }
}

function visitField({ of, shape }: ApiField, value: unknown, path: string, found: string[]): void {
  if (of.kind !== 'message') return;
  const { type } = of;
  if (shape === 'single') {
    visit(type, value, path, found);
  } else if (shape === 'list') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    for (const [index, item] of items.entries()) visit(type, item, `${path}[${index}]`, found);
  } else if (isObject(value)) {
    for (const [key, item] of Object.entries(value)) visit(type, item, `${path}.${key}`, found);
  }
}

const flattened = new WeakMap<ApiType, ReadonlyMap<string, ApiField>>();

/** With those of types that stand inline. */
function fieldsByName(type: ApiType): ReadonlyMap<string, ApiField> {
  const ready = flattened.get(type);
  if (ready !== undefined) return ready;
  const fields = new Map<string, ApiField>();
  for (const field of type.fields) {
    if (field.json !== '') fields.set(field.json, field);
    else if (field.of.kind === 'message') {
      for (const [name, inner] of fieldsByName(field.of.type)) fields.set(name, inner);
    }
  }
  flattened.set(type, fields);
  return fields;
}
