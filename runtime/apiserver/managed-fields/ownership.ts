/** Who owns which fields after an object was changed. (sigs.k8s.io/structured-merge-diff/merge/update.go) */
import type { JsonObject } from '../schemas/protobuf/json-value.ts';
import { fieldElement } from './element.ts';
import { identify, type Manager, type Managers } from './entries.ts';
import { difference, emptySet, type FieldSet, intersection, isEmptySet, setOf, union } from './field-set.ts';
import { mergeObjects, removeFields, withDeclaredFields } from './merge-objects.ts';
import { type Comparison, compareObjects, fieldsOf } from './object-fields.ts';
import type { Shape } from './shape.ts';

/** What both operations know. */
export interface Ground {
  readonly shape: Shape;
  readonly live: JsonObject;
  /** Those at another version of the kind are held against this one's paths: no object is converted. */
  readonly managers: Managers;
  readonly settable: Settable;
}

/**
 * What is left of a set of fields without those that this request cannot set, such as the status of an object that has it as
 * a subresource.
 */
export type Settable = (fields: FieldSet) => FieldSet;

export interface Conflict {
  /** The identity of who owns them. */
  readonly owner: string;
  readonly fields: FieldSet;
}

export type Applied =
  | {
      readonly kind: 'applied';
      readonly object: JsonObject;
      readonly managers: Managers;
      readonly isChanged: boolean;
    }
  | { readonly kind: 'conflicts'; readonly conflicts: readonly Conflict[] };

/** @param self its former set says what it no longer applies, which goes unless another owns it. */
export function applyOnto(ground: Ground, applied: JsonObject, self: Manager, force: boolean): Applied {
  const { shape, live, settable } = ground;
  const merged = mergeObjects(shape, live, applied);
  const fields = settable(fieldsOf(shape, applied));
  const key = identify(self);
  const before = ground.managers.get(key)?.fields ?? emptySet;
  const managers = new Map(ground.managers).set(key, { ...self, fields });
  const object = prune(shape, merged, settable(before), managers);
  const change = settableOf(compareObjects(shape, live, object), settable);
  const conflicts = conflictsOf(managers, key, change);
  if (conflicts.length > 0 && !force) return { kind: 'conflicts', conflicts };
  const rest = strip(takeAway(managers, key, change), key);
  return { kind: 'applied', object, managers: rest, isChanged: !isNoChange(change) };
}

/** What changed is no longer anyone's but of whom changed it. */
export function updateOnto(
  ground: Ground,
  next: JsonObject,
): { readonly managers: Managers; readonly taken: FieldSet } {
  const { shape, live, settable, managers } = ground;
  const change = settableOf(compareObjects(shape, live, next), settable);
  const taken = difference(union(change.modified, change.added), neverManaged);
  return { managers: takeAway(managers, null, change), taken };
}

/** What was applied the last time and is not now goes, unless someone else has it. */
function prune(shape: Shape, merged: JsonObject, before: FieldSet, managers: Managers): JsonObject {
  if (isEmptySet(before)) return merged;
  const all = (set: FieldSet): FieldSet => withDeclaredFields(shape, set);
  const mergedSet = all(fieldsOf(shape, merged));
  const remaining = (object: JsonObject): FieldSet => all(fieldsOf(shape, object));
  const owned = all([...managers.values()].map(({ fields }) => fields).reduce(union, emptySet));
  const bare = removeFields(shape, merged, all(before));
  const withOwned = removeFields(shape, merged, difference(mergedSet, union(remaining(bare), owned)));
  // What was below something that went, and was not this applier's, stays.
  const gone = intersection(difference(mergedSet, remaining(withOwned)), all(before));
  return removeFields(shape, merged, gone);
}

function conflictsOf(managers: Managers, self: string, change: Comparison): readonly Conflict[] {
  const touched = union(change.modified, change.added);
  return [...managers]
    .filter(([key]) => key !== self)
    .map(([owner, { fields }]) => ({ owner, fields: intersection(fields, touched) }))
    .filter(({ fields }) => !isEmptySet(fields));
}

function takeAway(managers: Managers, self: string | null, change: Comparison): Managers {
  const touched = union(union(change.modified, change.added), change.removed);
  const left = [...managers].map(([key, manager]): [string, Manager] =>
    key === self ? [key, manager] : [key, { ...manager, fields: difference(manager.fields, touched) }],
  );
  return new Map(left.filter(([, { fields }]) => !isEmptySet(fields)));
}

function settableOf({ added, modified, removed }: Comparison, settable: Settable): Comparison {
  return { added: settable(added), modified: settable(modified), removed: settable(removed) };
}

function isNoChange({ added, modified, removed }: Comparison): boolean {
  return isEmptySet(added) && isEmptySet(modified) && isEmptySet(removed);
}

/** The server's own, or what makes the object that object. */
const neverManaged = setOf(
  [
    ...[['apiVersion'], ['kind'], ['metadata']],
    ...['name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'clusterName', 'generation'].map(
      (name) => ['metadata', name],
    ),
    ...[
      ['metadata', 'managedFields'],
      ['metadata', 'resourceVersion'],
    ],
  ].map((path) => path.map(fieldElement)),
);

function strip(managers: Managers, key: string): Managers {
  const own = managers.get(key);
  if (own === undefined) return managers;
  const fields = difference(own.fields, neverManaged);
  const rest = new Map(managers);
  if (isEmptySet(fields)) rest.delete(key);
  else rest.set(key, { ...own, fields });
  return rest;
}
