/** An object after another was applied onto it, and an object without some of its fields. */
import { isObject, type JsonObject, type JsonValue } from '../schemas/protobuf/json-value.ts';
import { type Element, fieldElement } from './element.ts';
import { emptySet, type FieldSet, isEmptySet } from './field-set.ts';
import { itemShape, itemsOf, type ListShape, resolve, type Shape, shapeBelow } from './shape.ts';

/** What is applied wins; what it does not speak of stays. */
export function mergeObjects(shape: Shape, live: JsonObject, applied: JsonObject): JsonObject {
  return mergeValues(shape, live, applied) as JsonObject;
}

function mergeValues(shape: Shape, live: JsonValue | undefined, applied: JsonValue | undefined): JsonValue {
  const here = resolve(shape, applied ?? live);
  if (here.kind === 'map' && hasEntries(live, applied)) {
    const [before, next] = [mapOf(live), mapOf(applied)];
    const names = new Set([...before.keys(), ...next.keys()]);
    // Not by assignment: `__proto__` is a name like any other.
    return Object.fromEntries(
      [...names].map((name) => [name, mergeValues(shapeBelow(here, name), before.get(name), next.get(name))]),
    );
  }
  const isList = here.kind === 'set' || here.kind === 'associative';
  if (isList && (lengthOf(live) > 0 || lengthOf(applied) > 0)) return mergeLists(here, live, applied);
  return applied === undefined ? (live as JsonValue) : applied;
}

function mergeLists(
  shape: ListShape,
  live: JsonValue | undefined,
  applied: JsonValue | undefined,
): JsonValue {
  const [before, next] = [itemsOf(shape, live), itemsOf(shape, applied)];
  return interleave([...before.keys()], [...next.keys()]).flatMap((element) => {
    const [old, wanted] = [before.get(element) ?? [], next.get(element)?.[0]];
    if (wanted === undefined) return old;
    return [mergeValues(itemShape(shape), old.length === 1 ? old[0] : undefined, wanted)];
  });
}

/** Items that both have are in the second's order; the others stay with those that stood around them. */
function interleave(left: readonly Element[], right: readonly Element[]): Element[] {
  const [inLeft, inRight] = [new Set(left), new Set(right)];
  const shared = right.filter((element) => inLeft.has(element));
  const order: Element[] = [];
  const done = new Set<Element>();
  const put = (element: Element): void => {
    if (!done.has(element)) order.push(element);
    done.add(element);
  };
  let [next, at] = [0, 0];
  for (const element of left) {
    if (!inRight.has(element)) put(element);
    else if (element === shared[next]) {
      while (right[at] !== element) put(right[at++]!);
      put(right[at++]!);
      next += 1;
    }
  }
  for (const element of right.slice(at)) put(element);
  return order;
}

/** The object without these fields; what is empty by that goes too. */
export function removeFields(shape: Shape, object: JsonObject, gone: FieldSet): JsonObject {
  return (removeFrom(shape, object, gone) ?? {}) as JsonObject;
}

function removeFrom(shape: Shape, value: JsonValue, gone: FieldSet): JsonValue | undefined {
  const here = resolve(shape, value);
  if (isEmptySet(gone) || here.kind === 'leaf') return value;
  if (here.kind === 'map') {
    if (!isObject(value)) return value;
    const kept = [...mapOf(value)].flatMap(([name, item]) => {
      const left = removeAt(fieldElement(name), item, shapeBelow(here, name), gone);
      return left === undefined ? [] : [[name, left] as const];
    });
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
  const items = [...itemsOf(here, value)].flatMap(([element, same]) =>
    same.map((item) => removeAt(element, item, itemShape(here), gone)).filter((item) => item !== undefined),
  );
  return items.length === 0 ? undefined : items;
}

function removeAt(element: Element, value: JsonValue, shape: Shape, gone: FieldSet): JsonValue | undefined {
  if (gone.members.has(element)) return undefined;
  return removeFrom(shape, value, gone.children.get(element) ?? emptySet);
}

/**
 * The set with every declared field that it has something below. A declared field is not in the set of who applies it, but
 * goes with what was in it.
 */
export function withDeclaredFields(shape: Shape, set: FieldSet): FieldSet {
  const members = new Set(set.members);
  const children = new Map<Element, FieldSet>();
  for (const [element, child] of set.children) {
    const name = element.startsWith('f:') ? element.slice(2) : null;
    if (name !== null && shape.kind === 'map' && shape.fields.has(name)) members.add(element);
    children.set(element, withDeclaredFields(below(shape, name), child));
  }
  return { members, children };
}

function below(shape: Shape, name: string | null): Shape {
  if (shape.kind === 'map' && name !== null) return shapeBelow(shape, name);
  return shape.kind === 'associative' ? shape.item : { kind: 'deduced' };
}

function mapOf(value: JsonValue | undefined): ReadonlyMap<string, JsonValue> {
  if (!isObject(value)) return new Map();
  return new Map(
    Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}

function hasEntries(...values: readonly (JsonValue | undefined)[]): boolean {
  return values.some((value) => mapOf(value).size > 0);
}

function lengthOf(value: JsonValue | undefined): number {
  return Array.isArray(value) ? value.length : 0;
}
