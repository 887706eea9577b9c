/**
 * What structured merge has to know of a type: which parts of an object have owners of their own. Made of the registry's
 * types; a kind without a schema is deduced from its objects.
 */
import { mergeRule } from '../schemas/merge-rules.ts';
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import type { ApiField, ApiType } from '../schemas/registry.ts';
import { type Element, indexElement, keyElement, valueElement } from './element.ts';

export type Shape =
  /** Scalars, and what is owned as a whole. */
  | { readonly kind: 'leaf'; readonly holds: 'scalar' | 'list' | 'map' | 'any' }
  | {
      readonly kind: 'map';
      readonly fields: ReadonlyMap<string, Shape>;
      /** Of what is no declared field; null when there may be nothing else. */
      readonly others: Shape | null;
    }
  | { readonly kind: 'set' }
  | {
      readonly kind: 'associative';
      readonly keys: readonly string[];
      /** Of keys that an item may leave out. */
      readonly defaults: ReadonlyMap<string, JsonValue>;
      readonly item: Shape;
    }
  /** Objects by their fields, all else as a whole. */
  | { readonly kind: 'deduced' };

export type ListShape = Extract<Shape, { readonly kind: 'set' | 'associative' }>;

const scalar: Shape = { kind: 'leaf', holds: 'scalar' };
const deduced: Shape = { kind: 'deduced' };
const deducedMap = { kind: 'map', fields: new Map<string, Shape>(), others: deduced } as const;
const anyLeaf: Shape = { kind: 'leaf', holds: 'any' };

/** Of a kind of the registry, or of a type that is within one. Null gives the one of a kind without a schema. */
export function shapeOf(type: ApiType | null): Shape {
  return type === null ? deduced : typeShape(type, new Map());
}

/** Types refer to each other in circles, so each has one shape. */
function typeShape(type: ApiType, made: Map<string, Shape>): Shape {
  if (type.isAtomic) return { kind: 'leaf', holds: 'map' };
  const known = made.get(type.name);
  if (known !== undefined) return known;
  const fields = new Map<string, Shape>();
  const shape: Shape = { kind: 'map', fields, others: null };
  made.set(type.name, shape);
  if (type.isKind) for (const name of ['apiVersion', 'kind']) fields.set(name, scalar);
  addFields(type, fields, made);
  return shape;
}

function addFields(type: ApiType, fields: Map<string, Shape>, made: Map<string, Shape>): void {
  for (const field of type.fields) {
    if (field.json === '' && field.of.kind === 'message') addFields(field.of.type, fields, made);
    else fields.set(field.json, fieldShape(field, made));
  }
}

function fieldShape(field: ApiField, made: Map<string, Shape>): Shape {
  const rule = mergeRule(field);
  if (rule.kind === 'set') return { kind: 'set' };
  if (rule.kind === 'atomic') return { kind: 'leaf', holds: wholeOf(field) };
  if (rule.kind === 'associative') {
    const type = field.of.kind === 'message' ? field.of.type : null;
    const defaults = rule.keys.map((key) => [key, type?.fields.find(({ json }) => json === key)?.default]);
    return {
      kind: 'associative',
      keys: rule.keys,
      defaults: new Map(defaults.filter(([, value]) => value !== undefined) as [string, JsonValue][]),
      item: type === null ? anyLeaf : typeShape(type, made),
    };
  }
  const value = field.of.kind === 'message' ? typeShape(field.of.type, made) : null;
  if (field.shape !== 'map') return value ?? deduced;
  // A value with an encoding of its own, such as a list of strings, is one value.
  const others = value ?? (field.of.kind === 'scalar' ? scalar : anyLeaf);
  return { kind: 'map', fields: new Map(), others };
}

function wholeOf(field: ApiField): 'scalar' | 'list' | 'map' | 'any' {
  if (field.shape !== 'single') return field.shape;
  if (field.of.kind === 'message') return 'map';
  return field.of.kind === 'scalar' ? 'scalar' : 'any';
}

/** What a shape is for this value; undefined and null say nothing. */
export function resolve(shape: Shape, value: JsonValue | undefined): Exclude<Shape, { kind: 'deduced' }> {
  if (shape.kind !== 'deduced') return shape;
  return isObject(value) ? deducedMap : { kind: 'leaf', holds: 'any' };
}

/** Of a field or key of a map. What is not declared is deduced, where something of the kind is already there. */
export function shapeBelow(shape: Extract<Shape, { kind: 'map' }>, name: string): Shape {
  return shape.fields.get(name) ?? shape.others ?? deduced;
}

export function itemShape(shape: ListShape): Shape {
  return shape.kind === 'set' ? anyLeaf : shape.item;
}

/** The items of a list by what tells them apart; one without its keys is told by its place. */
export function itemsOf(shape: ListShape, value: JsonValue | undefined): Map<Element, JsonValue[]> {
  const items = new Map<Element, JsonValue[]>();
  if (!Array.isArray(value)) return items;
  for (const [index, item] of value.entries()) {
    const element = itemElement(shape, item as JsonValue) ?? indexElement(index);
    const same = items.get(element);
    if (same === undefined) items.set(element, [item as JsonValue]);
    else same.push(item as JsonValue);
  }
  return items;
}

/** Null when it lacks a key that has no default. */
export function itemElement(shape: ListShape, item: JsonValue): Element | null {
  if (shape.kind === 'set') return item !== null && typeof item === 'object' ? null : valueElement(item);
  return missingKey(shape, item) === null ? keyElement(keysOf(shape, item as JsonObject)) : null;
}

function keysOf(shape: Extract<Shape, { kind: 'associative' }>, item: JsonObject): JsonObject {
  const valueAt = (key: string): JsonValue => (hasKey(item, key) ? item[key]! : shape.defaults.get(key)!);
  return Object.fromEntries(shape.keys.map((key) => [key, valueAt(key)]));
}

/** The first key that is missing; empty when the item has none at all. */
export function missingKey(shape: Extract<Shape, { kind: 'associative' }>, item: JsonValue): string | null {
  if (!isObject(item)) return '';
  return shape.keys.find((key) => !hasKey(item, key) && !shape.defaults.has(key)) ?? null;
}

function hasKey(item: JsonObject, key: string): boolean {
  return Object.hasOwn(item, key) && item[key] !== undefined && typeof item[key] !== 'object';
}
