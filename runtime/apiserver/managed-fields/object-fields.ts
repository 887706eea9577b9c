/** The fields of an object as sets: those that it has, and those in which it differs from another. */
import { isObject, isSameJson, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { fieldElement } from './element.ts';
import { type FieldSet, type Path, setOf } from './field-set.ts';
import { itemShape, itemsOf, resolve, type Shape, shapeBelow } from './shape.ts';

/** The fields that someone who applies this object owns. */
export function fieldsOf(shape: Shape, object: JsonValue): FieldSet {
  return setOf(ownPaths(shape, object, []));
}

function* ownPaths(shape: Shape, value: JsonValue, path: Path): Generator<Path> {
  const here = resolve(shape, value);
  if (here.kind === 'leaf') {
    if (path.length > 0) yield path;
  } else if (here.kind === 'map') {
    for (const [name, item] of entriesOf(value)) {
      const below = [...path, fieldElement(name)];
      yield* ownPaths(shapeBelow(here, name), item, below);
      // That a declared field is there says nothing by itself; a key of a map does.
      const isEmpty = item === null || (isObject(item) && entriesOf(item).length === 0);
      if (isEmpty || !here.fields.has(name)) yield below;
    }
  } else {
    for (const [element, [item, ...more]] of itemsOf(here, value)) {
      const below = [...path, element];
      if (more.length === 0) yield* ownPaths(itemShape(here), item!, below);
      yield below;
    }
  }
}

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** How the second object differs from the first. */
export function compareObjects(shape: Shape, before: JsonValue, after: JsonValue): Comparison {
  const found: Found = { added: [], modified: [], removed: [] };
  compareValues(shape, { before, after }, [], found);
  return { added: setOf(found.added), modified: setOf(found.modified), removed: setOf(found.removed) };
}

interface Found {
  readonly added: Path[];
  readonly modified: Path[];
  readonly removed: Path[];
}

/** Undefined where it is not there. */
interface Pair {
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

function compareValues(shape: Shape, pair: Pair, path: Path, found: Found): void {
  const { before, after } = pair;
  const shapes = [resolve(shape, before ?? after), resolve(shape, after ?? before)];
  // Something that was one thing and is another: each has fields of its own.
  const kinds = shapes[0]!.kind === shapes[1]!.kind ? shapes.slice(1) : shapes;
  const isLeaf = kinds.map((kind) => compareAs(kind, pair, path, found)).at(-1);
  if (isLeaf === true || path.length === 0) return;
  if (before === undefined) found.added.push(path);
  else if (after === undefined) found.removed.push(path);
}

/** True when the value has no fields that are compared by themselves. */
function compareAs(shape: ReturnType<typeof resolve>, pair: Pair, path: Path, found: Found): boolean {
  const { before, after } = pair;
  if (shape.kind === 'leaf' || (isBare(shape, before) && isBare(shape, after))) {
    compareLeaf(pair, path, found);
    return true;
  }
  if (shape.kind === 'map') {
    const [left, right] = [new Map(entriesOf(before)), new Map(entriesOf(after))];
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      const both = { before: left.get(name), after: right.get(name) };
      compareValues(shapeBelow(shape, name), both, [...path, fieldElement(name)], found);
    }
    return false;
  }
  const [left, right] = [itemsOf(shape, before), itemsOf(shape, after)];
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    const both = { before: left.get(element)?.[0], after: right.get(element)?.[0] };
    compareValues(itemShape(shape), both, [...path, element], found);
  }
  return false;
}

function compareLeaf({ before, after }: Pair, path: Path, found: Found): void {
  if (path.length === 0) return;
  if (before === undefined) found.added.push(path);
  else if (after === undefined) found.removed.push(path);
  else if (!isSameJson(before, after)) found.modified.push(path);
}

/** It holds nothing of its shape; that it is empty or null is then all there is to compare. */
function isBare(shape: Shape, value: JsonValue | undefined): boolean {
  return shape.kind === 'map' ? entriesOf(value).length === 0 : !Array.isArray(value) || value.length === 0;
}

function entriesOf(value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  if (!isObject(value)) return [];
  return Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
}
