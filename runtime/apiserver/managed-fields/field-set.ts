/** Sets of paths in an object, and their algebra. A set says for each path whether it is in, not what is below it. */
import { compareElements, type Element, formatElement } from './element.ts';

export interface FieldSet {
  readonly members: ReadonlySet<Element>;
  /** Never empty ones. */
  readonly children: ReadonlyMap<Element, FieldSet>;
}

export type Path = readonly Element[];

export const emptySet: FieldSet = { members: new Set(), children: new Map() };

export function isEmptySet(set: FieldSet): boolean {
  return set.members.size === 0 && set.children.size === 0;
}

/** A set of these paths; the empty path is in none. */
export function setOf(paths: Iterable<Path>): FieldSet {
  const root: MutableSet = { members: new Set(), children: new Map() };
  for (const path of paths) {
    let at = root;
    for (const [index, element] of path.entries()) {
      if (index === path.length - 1) at.members.add(element);
      else at = childOf(at, element);
    }
  }
  return root;
}

interface MutableSet extends FieldSet {
  readonly members: Set<Element>;
  readonly children: Map<Element, MutableSet>;
}

function childOf(set: MutableSet, element: Element): MutableSet {
  const known = set.children.get(element);
  if (known !== undefined) return known;
  const made: MutableSet = { members: new Set(), children: new Map() };
  set.children.set(element, made);
  return made;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map(a.children);
  for (const [element, set] of b.children) {
    const own = children.get(element);
    children.set(element, own === undefined ? set : union(own, set));
  }
  return { members: new Set([...a.members, ...b.members]), children };
}

/** What is in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return {
    members: keep(a.members, (element) => b.members.has(element)),
    children: mapChildren(a, (set, element) => {
      const other = b.children.get(element);
      return other === undefined ? emptySet : intersection(set, other);
    }),
  };
}

/** What is in the first alone. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return {
    members: keep(a.members, (element) => !b.members.has(element)),
    children: mapChildren(a, (set, element) => {
      const other = b.children.get(element);
      return other === undefined ? set : difference(set, other);
    }),
  };
}

/** What is neither in the second nor below something in it. */
export function differenceWithBelow(a: FieldSet, b: FieldSet): FieldSet {
  return {
    members: keep(a.members, (element) => !b.members.has(element)),
    children: mapChildren(a, (set, element) => {
      if (b.members.has(element)) return emptySet;
      const other = b.children.get(element);
      return other === undefined ? set : differenceWithBelow(set, other);
    }),
  };
}

/** What is in the second, or below something in it. */
export function intersectionWithBelow(a: FieldSet, b: FieldSet): FieldSet {
  return {
    members: keep(a.members, (element) => b.members.has(element)),
    children: mapChildren(a, (set, element) => {
      if (b.members.has(element)) return set;
      const other = b.children.get(element);
      return other === undefined ? emptySet : intersectionWithBelow(set, other);
    }),
  };
}

function keep(members: ReadonlySet<Element>, isKept: (element: Element) => boolean): ReadonlySet<Element> {
  return new Set([...members].filter(isKept));
}

function mapChildren(
  set: FieldSet,
  change: (child: FieldSet, element: Element) => FieldSet,
): ReadonlyMap<Element, FieldSet> {
  const changed = [...set.children].map(([element, child]) => [element, change(child, element)] as const);
  return new Map(changed.filter(([, child]) => !isEmptySet(child)));
}

export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  return (
    a.members.size === b.members.size &&
    a.children.size === b.children.size &&
    [...a.members].every((element) => b.members.has(element)) &&
    [...a.children].every(([element, child]) => {
      const other = b.children.get(element);
      return other !== undefined && isSameSet(child, other);
    })
  );
}

/** All paths, as Go sorts them: what is at a level before what is below it. */
export function* pathsOf(set: FieldSet, prefix: Path = []): Generator<Path> {
  for (const element of [...set.members].sort(compareElements)) yield [...prefix, element];
  for (const [element, child] of [...set.children].sort(([a], [b]) => compareElements(a, b))) {
    yield* pathsOf(child, [...prefix, element]);
  }
}

/** `.spec.containers[name="web"].image` */
export function formatPath(path: Path): string {
  return path.map(formatElement).join('');
}
